/** What one node is asked while events are followed. */
import { MarketError, type Hex } from '@assay/protocol'
import { BlockNotFoundError, type Log, type PublicClient } from 'viem'
import { addressesOf, decodeMarketEvent, type MarketContracts, type MarketEvent } from './market-events.ts'

/** A block by number and hash. */
export interface BlockRef {
  readonly block: number
  readonly hash: Hex
}

/** A block with that of its parent; `undefined` when the node does not have it (yet). */
export async function readBlock(
  client: PublicClient,
  block: number,
): Promise<(BlockRef & { readonly parentHash: Hex }) | undefined> {
  try {
    const { hash, parentHash } = await client.getBlock({ blockNumber: BigInt(block) })
    return { block, hash, parentHash }
  } catch (error) {
    if (error instanceof BlockNotFoundError) return undefined
    throw error
  }
}

/** The market's events of a range of final blocks, in their order. */
export async function readRange(
  client: PublicClient,
  market: MarketContracts,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<readonly MarketEvent[]> {
  const range = { fromBlock: BigInt(from), toBlock: BigInt(to) }
  const logs = await client.getLogs({ address: addressesOf(market), ...range })
  return decodeLogs(market, logs, (log) => log.blockNumber >= range.fromBlock && log.blockNumber <= range.toBlock)
}

/** The market's events of exactly this block; the node refuses when it is no block of its chain any more. */
export async function readBlockEvents(
  client: PublicClient,
  market: MarketContracts,
  { hash }: BlockRef,
): Promise<readonly MarketEvent[]> {
  const logs = await client.getLogs({ address: addressesOf(market), blockHash: hash })
  return decodeLogs(market, logs, (log) => log.blockHash === hash)
}

type MinedLog = Log<bigint, number, false>

/** A node that answers with something else than was asked for is not believed at all. */
function decodeLogs(
  market: MarketContracts,
  logs: readonly MinedLog[],
  isAsked: (log: MinedLog) => boolean,
): readonly MarketEvent[] {
  const addresses: readonly string[] = addressesOf(market)
  const sorted = logs.toSorted((a, b) => Number(a.blockNumber - b.blockNumber) || a.logIndex - b.logIndex)
  const isNew = (log: MinedLog, before: MinedLog | undefined): boolean =>
    before === undefined || before.blockNumber !== log.blockNumber || before.logIndex !== log.logIndex
  const isFine = sorted.every(
    (log, index) =>
      isAsked(log) && !log.removed && addresses.includes(log.address.toLowerCase()) && isNew(log, sorted[index - 1]),
  )
  if (!isFine) throw new MarketError('rpc-unavailable', 'the node answered with logs that were not asked for')
  return sorted.map((log) => decodeMarketEvent(market, log))
}
