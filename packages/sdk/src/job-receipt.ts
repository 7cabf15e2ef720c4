/** The proof of a closed job: fetched, completed with the client's openings, judged, and compared with the chain. */
import { assertReceipt, type ReceiptAnchors } from '@assay/core'
import { deriveOrderId, formatUsdc, MarketError, usdc, type JobView, type Receipt } from '@assay/protocol'
import { toOutput } from './accepted-results.ts'
import { chainAnchors, checkSettledOnChain } from './chain-proof.ts'
import { onChain } from './client-chain.ts'
import { hasCode } from './faults.ts'
import type { JobParts } from './job-parts.ts'
import { awaitClosed } from './job-state.ts'
import { limits } from './limits.ts'
import { createJobReceipt, type JobReceipt } from './receipt.ts'
import { pause } from './repeat.ts'
import { runBounded } from './run-bounded.ts'

export interface ReceiptOptions {
  /**
   * `all` (default): reads every accepted result that was not read yet, to add its opening. `known`: takes the openings that
   * are there.
   */
  readonly openings?: 'all' | 'known'
  readonly signal?: AbortSignal
}

/**
 * Waits for the end of the job and proves it. Throws `receipt-invalid` naming the first check that fails, `result-invalid`
 * when an accepted result does not open, `job-state` for class DX, `job-incomplete` when nothing was settled and the money went back,
 * `deadline-passed`, `rpc-unavailable`, `market-unreachable`, `cancelled`.
 */
export async function proveJob(parts: JobParts, options: ReceiptOptions, signal: AbortSignal): Promise<JobReceipt> {
  if (parts.terms.quorumId === 0)
    throw new MarketError('job-state', 'class DX has no receipt: nobody judged it', {
      details: { orderId: parts.orderId },
    })
  const before = parts.proven.receipt
  if (before !== undefined && (options.openings === 'known' || isWhole(before))) return before
  const view = await awaitClosed(parts, signal)
  const fetched: Receipt = { ...(await fetchReceipt(parts, view, signal)), openings: [] }
  const { market, terms } = fetched.evidence
  if (deriveOrderId(market, terms) !== parts.orderId) throw foreign(parts)
  const anchors: ReceiptAnchors = {
    market: parts.domain,
    beacon: parts.market.beacon,
    ...(parts.chain && (await chainAnchors(parts.chain, fetched.evidence, signal))),
  }
  const { job } = assertReceipt(fetched, anchors)
  const commits = (job?.shards ?? []).flatMap(({ accepted }) => accepted?.commit ?? [])
  if (options.openings !== 'known') {
    const missing = commits.filter(({ shard, attempt }) => parts.openings.get(shard)?.attempt !== attempt)
    const views = new Map(view.attempts.map((attempt) => [attempt.commit?.commitment, attempt]))
    await runBounded(missing, limits.transfers, signal, async ({ commitment, shard }, _index, either) => {
      const attempt = views.get(commitment)
      if (attempt === undefined) throw hidden(parts, shard)
      await toOutput(parts, attempt).read(() => Promise.resolve(), either)
    })
  }
  const openings = commits.flatMap(({ shard, attempt }) => {
    const opening = parts.openings.get(shard)
    return opening?.attempt === attempt ? [opening] : []
  })
  const receipt: Receipt = { ...fetched, openings }
  const proven = createJobReceipt(receipt, assertReceipt(receipt, anchors))
  if (parts.chain !== undefined) await checkSettledOnChain(parts.chain, parts.orderId, receipt, signal)
  parts.cap.settle(parts.orderId, proven.chargedUsdc)
  parts.proven.receipt = proven
  return proven
}

/** Whether every accepted result is opened in it. */
const isWhole = ({ accepted, receipt }: JobReceipt): boolean => receipt.openings.length === accepted

async function fetchReceipt(parts: JobParts, view: JobView, signal: AbortSignal): Promise<Receipt> {
  for (let failures = 1; ; failures++) {
    try {
      return await parts.api.receipt(parts.orderId, signal)
    } catch (error) {
      if (!hasCode(error, 'job-state')) throw error
      if ((view.chargedUsdc ?? 0n) === 0n) {
        await freeIfRefunded(parts, signal)
        throw unsettled(parts, view, error)
      }
      if (failures >= limits.callTries) throw error
      await pause(failures, parts.clock, signal)
    }
  }
}

/** Without a receipt only the chain can show that an order cost nothing. */
async function freeIfRefunded({ chain, cap, orderId }: JobParts, signal: AbortSignal): Promise<void> {
  if (chain === undefined) return
  const { status } = await onChain(signal, () => chain.reader.order(orderId, signal))
  if (status === 'refunded') cap.settle(orderId, usdc(0n))
}

const unsettled = ({ orderId, terms }: JobParts, view: JobView, cause: unknown): MarketError =>
  new MarketError('job-incomplete', 'nothing was settled, so there is no receipt; the money goes back', {
    details: { orderId, outcome: view.outcome ?? 'unknown', refundedUsdc: formatUsdc(terms.maxAmount) },
    cause,
  })

const foreign = ({ orderId }: JobParts): MarketError =>
  new MarketError('receipt-invalid', 'the receipt is of another job', { details: { check: 'order', orderId } })

const hidden = ({ orderId }: JobParts, shard: number): MarketError =>
  new MarketError('receipt-invalid', 'the aggregator does not show an attempt that the receipt pays', {
    details: { check: 'openings', orderId, shard },
  })
