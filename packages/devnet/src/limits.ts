/** Bounds of a devnet, each with the reason for its number. */
export const devnetLimits = {
  /** Villains of one devnet: all of them share this machine's cores with the honest nodes. */
  villains: 32,
  /** Deeds of villains that are remembered: those of some hundred jobs. */
  deeds: 10_000,
} as const
