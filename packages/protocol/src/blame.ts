/** Whose fault a failure was. The money rule follows from it alone. */
export const blames = ['client', 'provider', 'validator', 'aggregator', 'network'] as const
export type Blame = (typeof blames)[number]
