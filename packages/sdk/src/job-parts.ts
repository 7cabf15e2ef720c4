import type { JobSpec, MarketDomain, OrderId, OrderTerms, ShardOpening } from '@assay/protocol'
import type { ClientParts } from './client-parts.ts'
import type { JobReceipt } from './receipt.ts'
import type { ShardOutput } from './shard-output.ts'

/** What a job's operations share. */
export interface JobParts extends ClientParts {
  readonly orderId: OrderId
  readonly domain: MarketDomain
  readonly terms: OrderTerms
  readonly spec: JobSpec
  /** The age identity of the job; derived once, kept in memory. */
  readonly identity: () => Promise<string>
  /** Openings verified so far, by shard. */
  readonly openings: Map<number, ShardOpening>
  /** The receipt, once it was proven. */
  readonly proven: { receipt?: JobReceipt }
}

/** Notes an opening for the receipt. */
export function noteOpening(
  parts: JobParts,
  { shard, attempt }: ShardOutput,
  opening: Omit<ShardOpening, 'shard' | 'attempt'>,
): void {
  parts.openings.set(shard, { shard, attempt, ...opening })
}
