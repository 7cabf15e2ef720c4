/** The events of a market's four contracts, decoded. */
import type { ChainMarket } from '@assay/core'
import { MarketError, type Address, type Hex } from '@assay/protocol'
import { decodeEventLog, type Abi, type ContractEventName, type DecodeEventLogReturnType, type Log } from 'viem'
import { disputesAbi } from './abi/disputes.ts'
import { escrowAbi } from './abi/escrow.ts'
import { quorumsAbi } from './abi/quorums.ts'
import { stakesAbi } from './abi/stakes.ts'

/** Where an event stands in the chain. */
export interface EventPlace {
  readonly block: number
  readonly blockHash: Hex
  readonly transactionHash: Hex
  /** Position in its block: events of a block are ordered by it. */
  readonly logIndex: number
}

type EventOf<Contract extends string, A extends Abi> = { readonly contract: Contract } & DecodeEventLogReturnType<
  A,
  ContractEventName<A>
>

/** One event: `contract` and `eventName` say which, `args` are its arguments by name. */
export type MarketEvent = EventPlace &
  (
    | EventOf<'escrow', typeof escrowAbi>
    | EventOf<'stakes', typeof stakesAbi>
    | EventOf<'quorums', typeof quorumsAbi>
    | EventOf<'disputes', typeof disputesAbi>
  )

/** The contracts whose events are read. */
export type MarketContracts = Pick<ChainMarket, 'escrow' | 'stakes' | 'quorums' | 'disputes'>

export const addressesOf = ({ escrow, stakes, quorums, disputes }: MarketContracts): Address[] => [
  escrow,
  stakes,
  quorums,
  disputes,
]

/**
 * Decodes the log of one of the market's contracts. Throws `chain-mismatch` for an event that these contracts do not have: what
 * cannot be read must not be passed over.
 */
export function decodeMarketEvent(market: MarketContracts, log: Log): MarketEvent {
  try {
    return { ...placeOf(log), ...decode(market, log) }
  } catch (cause) {
    throw new MarketError('chain-mismatch', 'a contract of the market reports an event that nobody knows', {
      details: { address: log.address, topic: log.topics[0] ?? 'none', transaction: `${log.transactionHash}` },
      cause,
    })
  }
}

function decode(market: MarketContracts, { address, data, topics }: Log) {
  switch (address.toLowerCase()) {
    case market.escrow:
      return { contract: 'escrow', ...decodeEventLog({ abi: escrowAbi, data, topics }) } as const
    case market.stakes:
      return { contract: 'stakes', ...decodeEventLog({ abi: stakesAbi, data, topics }) } as const
    case market.quorums:
      return { contract: 'quorums', ...decodeEventLog({ abi: quorumsAbi, data, topics }) } as const
    case market.disputes:
      return { contract: 'disputes', ...decodeEventLog({ abi: disputesAbi, data, topics }) } as const
    default:
      throw new RangeError('no contract of the market')
  }
}

function placeOf({ blockHash, blockNumber, logIndex, transactionHash }: Log): EventPlace {
  if (blockHash === null || blockNumber === null || logIndex === null || transactionHash === null)
    throw new RangeError('a log without a place')
  return { block: Number(blockNumber), blockHash, transactionHash, logIndex }
}
