/** A receipt in hand: what a job came to, and everything to judge it again without a network. */
import { assertReceipt, type ReceiptAnchors, type ReceiptReport } from '@assay/core'
import {
  encodeCanonical,
  MarketError,
  parseMessage,
  Receipt,
  toJson,
  usdc,
  type Address,
  type OrderId,
  type UsdcBase,
} from '@assay/protocol'

/** A receipt that was judged and holds. */
export interface JobReceipt {
  readonly orderId: OrderId
  readonly shards: number
  /** Shards whose results were accepted and paid. */
  readonly accepted: number
  /** Commits that were re-run. */
  readonly audited: number
  /** Providers convicted by this job. */
  readonly convicted: readonly Address[]
  /** What left the escrow: shards, audits and fee. */
  readonly chargedUsdc: UsdcBase
  /** What went, or goes, back to the client. */
  readonly returnedUsdc: UsdcBase
  /** Every check with its numbers. */
  readonly report: ReceiptReport
  /** The receipt itself, as `verifyReceipt` takes it. */
  readonly receipt: Receipt
  /** JSON text for a file; `openReceipt` reads it back. */
  encode(): string
}

/**
 * Reads and judges a receipt, given as text or as parsed JSON. Without anchors it is shown to be consistent; with those of
 * the chain also to come from the quorum that has stake. Throws `message-malformed`, `receipt-invalid`.
 */
export function openReceipt(source: unknown, anchors: ReceiptAnchors = {}): JobReceipt {
  const receipt = parseMessage(Receipt, typeof source === 'string' ? readJson(source) : source, 'receipt')
  return createJobReceipt(receipt, assertReceipt(receipt, anchors))
}

/** Joins a receipt with its judgement, which must have passed. */
export function createJobReceipt(receipt: Receipt, report: ReceiptReport): JobReceipt {
  const { job } = report
  if (job === undefined) throw new MarketError('receipt-invalid', 'the receipt was not judged', { details: {} })
  const { maxAmount } = receipt.evidence.terms
  return {
    orderId: report.orderId,
    shards: job.shards.length,
    accepted: job.shards.filter(({ accepted }) => accepted !== undefined).length,
    audited: receipt.evidence.audits.length,
    convicted: job.convicted,
    chargedUsdc: job.bill.chargedUsdc,
    returnedUsdc: usdc(maxAmount - job.bill.chargedUsdc),
    report,
    receipt,
    encode: () => encodeCanonical(toJson(receipt)),
  }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new MarketError('message-malformed', 'the receipt is not JSON', { details: { what: 'receipt' }, cause })
  }
}
