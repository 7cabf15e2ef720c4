import { addUsdc, portionUp, timesUsdc, type BasisPoints, type JobSpec, type UsdcBase } from '@assay/protocol'

export interface OrderAmount {
  /** Price of all shards. */
  readonly shardsUsdc: UsdcBase
  /** Most that audits may cost. */
  readonly auditBudgetUsdc: UsdcBase
  /** Aggregator's fee if all of that is spent, rounded up. */
  readonly feeUsdc: UsdcBase
  /** What the terms must escrow, to the unit. */
  readonly maxUsdc: UsdcBase
}

/** Most that a job can cost. What is not spent returns to the client. */
export function orderAmount(
  spec: Pick<JobSpec, 'priceUsdc' | 'auditBudgetUsdc' | 'shards'>,
  feeBps: BasisPoints,
): OrderAmount {
  const shardsUsdc = timesUsdc(spec.priceUsdc, spec.shards.length)
  const work = addUsdc(shardsUsdc, spec.auditBudgetUsdc)
  const feeUsdc = portionUp(work, feeBps)
  return { shardsUsdc, auditBudgetUsdc: spec.auditBudgetUsdc, feeUsdc, maxUsdc: addUsdc(work, feeUsdc) }
}
