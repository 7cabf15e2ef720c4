import {
  addUsdc,
  portionDown,
  sumUsdc,
  timesUsdc,
  usdc,
  type Address,
  type BasisPoints,
  type JobSpec,
  type UsdcBase,
} from '@assay/protocol'
import type { ShardJudgement } from '../verify/shard-judgement.ts'

/** What one order pays, to the unit. */
export interface OrderBill {
  /** Sum for each payee, sorted by address, none zero. */
  readonly payees: readonly Payee[]
  readonly shardsUsdc: UsdcBase
  readonly auditsUsdc: UsdcBase
  /** Aggregator's fee on those two, rounded down. */
  readonly feeUsdc: UsdcBase
  /** Shards, audits and fee: what leaves the escrow. */
  readonly chargedUsdc: UsdcBase
}
export interface Payee {
  readonly address: Address
  readonly amount: UsdcBase
}

/**
 * The price for every accepted shard; the audit fee for every attestation, whatever the verdict; the fee on top. When
 * attestations cost more than the budget each gets ⌊budget / count⌋.
 */
export function orderBill(
  spec: Pick<JobSpec, 'priceUsdc' | 'auditFeeUsdc' | 'auditBudgetUsdc'>,
  feeBps: BasisPoints,
  shards: readonly ShardJudgement[],
): OrderBill {
  const providers = shards.flatMap(({ accepted }) => accepted?.commit.provider ?? [])
  const validators = shards.flatMap(({ commits }) => commits.flatMap((commit) => commit.paid))
  const each = auditShare(spec, validators.length)
  const owed = new Map<Address, UsdcBase>()
  const credit = (to: Address, amount: UsdcBase): void => {
    owed.set(to, addUsdc(owed.get(to) ?? usdc(0n), amount))
  }
  for (const provider of providers) credit(provider, spec.priceUsdc)
  for (const validator of validators) credit(validator, each)

  const payees = [...owed]
    .map(([address, amount]) => ({ address, amount }))
    .filter(({ amount }) => amount > 0n)
    .toSorted((a, b) => (a.address < b.address ? -1 : 1))
  const shardsUsdc = timesUsdc(spec.priceUsdc, providers.length)
  const auditsUsdc = timesUsdc(each, validators.length)
  const feeUsdc = portionDown(addUsdc(shardsUsdc, auditsUsdc), feeBps)
  return { payees, shardsUsdc, auditsUsdc, feeUsdc, chargedUsdc: sumUsdc([shardsUsdc, auditsUsdc, feeUsdc]) }
}

function auditShare(spec: Pick<JobSpec, 'auditFeeUsdc' | 'auditBudgetUsdc'>, count: number): UsdcBase {
  const full = timesUsdc(spec.auditFeeUsdc, count)
  return full <= spec.auditBudgetUsdc ? spec.auditFeeUsdc : usdc(spec.auditBudgetUsdc / BigInt(count))
}
