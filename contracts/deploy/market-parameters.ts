/** What a market is made with; none of it can be changed afterwards. */
import { type Address, getContractAddress, zeroAddress } from 'viem'

export interface MarketParameters {
  /** A USDC with exactly 6 decimals. */
  readonly token: Address
  /** May stop new funding and registration for up to 7 days at a time, and nothing else. The zero address: nobody. */
  readonly guardian: Address
  /** Seconds that leaving stake and payout changes wait. More than 10 days: longest refund + verdict window. */
  readonly unbondingDelay: number
  /** Active stake, in USDC base units, that a member needs when a quorum is created. */
  readonly minValidatorStake: bigint
  /** Seconds in which a verdict or a ruling can be appealed. */
  readonly appealWindow: number
  /** Seconds in which a quorum of appeal rules. */
  readonly rulingWindow: number
  /** Most that verdicts of one quorum take in a day, in USDC base units. */
  readonly dailySlashCap: bigint
}

/** The contracts of a market, in the order in which they are created. */
export const MARKET_CONTRACTS = ['Stakes', 'Quorums', 'Escrow', 'Disputes'] as const

export type ContractName = (typeof MARKET_CONTRACTS)[number]

export type ContractAddresses = Readonly<Record<ContractName, Address>>

const DAY = 86_400

/** What a market is made with where nobody says otherwise. */
export const MARKET_DEFAULTS: Omit<MarketParameters, 'token'> = {
  guardian: zeroAddress,
  unbondingDelay: 14 * DAY,
  minValidatorStake: 100_000_000n,
  appealWindow: 3 * DAY,
  rulingWindow: 3 * DAY,
  dailySlashCap: 10_000_000_000n,
}

/**
 * Where the contracts of a deployer will be: an address follows from its creator and the creator's nonce. Stakes must know
 * Disputes before it exists; the constructor of Disputes refuses a wrong prediction.
 */
export function predictAddresses(deployer: Address, firstNonce: number): ContractAddresses {
  const at = (offset: number): Address => getContractAddress({ from: deployer, nonce: BigInt(firstNonce + offset) })
  return { Stakes: at(0), Quorums: at(1), Escrow: at(2), Disputes: at(3) }
}

/** The constructor arguments of each contract, in order. */
export function constructorArguments(
  parameters: MarketParameters,
  addresses: ContractAddresses,
): Readonly<Record<ContractName, readonly unknown[]>> {
  const { token, guardian, unbondingDelay, minValidatorStake, appealWindow, rulingWindow, dailySlashCap } = parameters
  return {
    Stakes: [token, addresses.Disputes, unbondingDelay, guardian],
    Quorums: [addresses.Stakes, minValidatorStake],
    Escrow: [token, addresses.Stakes, addresses.Quorums, guardian],
    Disputes: [addresses.Escrow, appealWindow, rulingWindow, dailySlashCap],
  }
}
