import { validatorFaults, validatorSlash } from '@assay/core'
import { assertBug, isMarketError, MarketError, usdc, verdictOutcomes, type Address } from '@assay/protocol'
import { collectSignatures } from '../ask-validator.ts'
import type { Context } from '../context.ts'
import type { VerdictRow } from '../store/records.ts'
import { askToJudge } from './ask-to-judge.ts'
import { judgeRecord } from './audit-file.ts'

/**
 * A verdict with a quorum's signatures, durable before it is sent anywhere. `undefined` when nothing is left to be signed: the
 * accused has no stake, or showed its result to a member after all. Throws `settlement-unsigned`; planning tries again.
 */
export async function signVerdict(
  context: Context,
  row: VerdictRow,
  signal: AbortSignal,
): Promise<VerdictRow | undefined> {
  const { quorum, store } = context
  if (row.signatures.length >= quorum.threshold) return row
  const verdict =
    row.verdict.outcome === verdictOutcomes.providerFault ? row.verdict : await price(context, row, signal)
  if (verdict.slash === 0n) {
    store.updateVerdict(row.key, { state: 'slashed' })
    return undefined
  }
  const audit = store.audit(row.commitment)
  const epoch = audit && store.epoch(audit.epoch)
  assertBug(audit !== undefined && epoch !== undefined, 'a verdict stands on an audit of a seeded epoch')
  let opened = false
  const ask = async (validator: Address, inTime: AbortSignal) => {
    try {
      return await askToJudge(context, validator, { verdict, audit: audit.audit, epoch }, inTime)
    } catch (error) {
      opened ||= isMarketError(error) && error.details['reason'] === 'validator-opens'
      throw error
    }
  }
  try {
    const signatures = await collectSignatures(context, 'verdict.refused', ask, signal)
    const state = 'collecting' as const
    store.updateVerdict(row.key, { state, verdict, signatures })
    return { ...row, verdict, signatures }
  } catch (error) {
    if (!opened || !isMarketError(error)) throw error
    store.updateVerdict(row.key, { state: 'dropped' })
    return undefined
  }
}

/** The verdict on a validator with what it costs now. */
async function price(context: Context, row: VerdictRow, signal: AbortSignal): Promise<VerdictRow['verdict']> {
  const { chain, store } = context
  const { accused } = row.verdict
  const job = store.job(row.orderId)
  const judged = judgeRecord(context, row.commitment)
  const audit = store.audit(row.commitment)?.audit
  if (job === undefined || audit === undefined || judged === undefined)
    throw new MarketError('internal', 'the audit of a verdict is gone', { details: { key: row.key } })
  const fault = validatorFaults(judged, audit).find(({ validator }) => validator === accused)
  assertBug(fault !== undefined, 'the audit still convicts whom it convicted')
  const faults = await chain.faultsOf(accused, signal)
  const priorFaults = faults.filter(
    ({ outcome, status }) => outcome === verdictOutcomes.validatorFault && status === 'slashed',
  ).length
  const stakeUsdc = (await chain.operator(accused, signal))?.stake ?? usdc(0n)
  const { auditFeeUsdc } = job.spec
  const { maxAmount } = job.terms
  const slash = validatorSlash({ offence: fault.offence, priorFaults, stakeUsdc, auditFeeUsdc, maxAmount })
  return { ...row.verdict, slash }
}
