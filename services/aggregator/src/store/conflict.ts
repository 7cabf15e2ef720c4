import { MarketError } from '@assay/protocol'

/** A compare-and-set that met another revision. */
export const conflict = (what: string, key: string): MarketError =>
  new MarketError('state-conflict', `${what} ${key} changed meanwhile`, { details: { what, key } })
