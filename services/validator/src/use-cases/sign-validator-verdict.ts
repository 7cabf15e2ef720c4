import { judgeAudit, validatorFaults, validatorSlash, type ValidatorFault } from '@assay/core'
import {
  deriveEvidenceHash,
  deriveVerdictDigest,
  MarketError,
  usdc,
  verdictOutcomes,
  type Address,
  type Audit,
  type ValidatorReply,
  type ValidatorRequest,
  type Verdict,
} from '@assay/protocol'
import type { ValidatorContext } from '../context.ts'
import { protectValidatorVerdict } from '../protection.ts'
import { askAttestation } from './ask-attestation.ts'
import { openDueCommit, type DueCommit } from './due-commit.ts'
import { deriveVerdictContent } from './verdict-content.ts'

export type JudgeRequest = Extract<ValidatorRequest, { type: 'judge' }>

/**
 * Signs a verdict on another validator, after deriving it again: the audit was due, it is decided, and it shows the accused
 * outvoted by a panel, or with a commit that it never opened. One that is said to be silent is asked for its result first.
 * Never about itself. Throws `audit-refused`, `settlement-refused`.
 */
export async function signValidatorVerdict(
  context: ValidatorContext,
  request: JudgeRequest,
  from: Address,
  signal: AbortSignal,
): Promise<ValidatorReply> {
  const { chain, clock, log, signer, store } = context
  const { verdict, reason, opening, rounds, challenges } = request
  const { accused, orderId } = verdict
  const commitment = auditedOf(context, request)
  const due = await openDueCommit(context, { ...request, commitment }, from, signal)
  const audit: Audit = { commitment, reason, rounds, ...(opening && { opening }), ...(challenges && { challenges }) }
  const fault = findFault(context, due, audit, accused)
  const content = deriveVerdictContent(verdict)
  // Before the accused is asked: what cannot be signed is not worth its time.
  protectValidatorVerdict(store, { self: signer.address, commitment, content, verdict })
  await checkVerdict(context, due, { audit, verdict, fault }, signal)
  if (fault.offence === 'unopened' && store.validatorVerdict(commitment, accused) === undefined) {
    const attestation = await askAttestation(context, due, { audit, accused }, signal)
    if (attestation !== undefined) throw refuse('validator-opens', { validator: accused })
  }
  protectValidatorVerdict(store, { self: signer.address, commitment, content, verdict })
  store.addValidatorVerdict({ commitment, accused, orderId, content, verdict, atMs: clock.now() })
  const { offence } = fault
  log.info({ orderId, shard: verdict.shard, accused, offence, slash: verdict.slash.toString() }, 'verdict.signed')
  return { type: 'signed', signature: await signer.sign(deriveVerdictDigest(chain.market, verdict)) }
}

function auditedOf({ store }: ValidatorContext, { proposal, verdict }: JudgeRequest): Audit['commitment'] {
  const { orderId, shard, attempt } = verdict
  const leaf = store
    .proposal(proposal)
    ?.leaves.find(({ commit }) => commit.orderId === orderId && commit.shard === shard && commit.attempt === attempt)
  if (leaf === undefined) throw refuse('commit-unknown')
  return leaf.commit.commitment
}

function findFault({ chain }: ValidatorContext, due: DueCommit, audit: Audit, accused: Address): ValidatorFault {
  const { leaf, order, proposal, beacon } = due
  const { terms, spec } = order
  const { determinism } = spec
  const judged = judgeAudit({ market: chain.market, commit: leaf.commit, terms, determinism, proposal, beacon, audit })
  if (!judged.ok) throw refuse(judged.fault, judged.details)
  const fault = validatorFaults(judged, audit).find(({ validator }) => validator === accused)
  if (fault === undefined) throw refuse('no-conviction', { verdict: judged.verdict, accused })
  return fault
}

interface Accusation {
  readonly audit: Audit
  readonly verdict: Verdict
  readonly fault: ValidatorFault
}

async function checkVerdict(
  { chain }: ValidatorContext,
  { order }: DueCommit,
  { audit, verdict, fault }: Accusation,
  signal: AbortSignal,
): Promise<void> {
  const { terms, spec } = order
  const evidence = deriveEvidenceHash(audit)
  const follows =
    verdict.outcome === verdictOutcomes.validatorFault &&
    verdict.quorumId === terms.quorumId &&
    verdict.detector === fault.detector &&
    verdict.evidence === evidence
  if (!follows) throw refuse('verdict-differs', { detector: fault.detector, evidence })
  // Read now, not remembered: an earlier slash may have taken from it, and counts.
  const [operator, faults] = await Promise.all([
    chain.operator(verdict.accused, signal),
    chain.faultsOf(verdict.accused, signal),
  ])
  const due = validatorSlash({
    offence: fault.offence,
    priorFaults: faults.filter(isConviction).length,
    stakeUsdc: operator?.stake ?? usdc(0n),
    auditFeeUsdc: spec.auditFeeUsdc,
    maxAmount: terms.maxAmount,
  })
  // A little less is right too: stake may be added while signatures are gathered.
  const least = due - due / 10n
  if (verdict.slash === 0n || verdict.slash > due || verdict.slash < least)
    throw refuse('slash-differs', { least: `${least}`, most: `${due}`, asked: `${verdict.slash}` })
}

const isConviction = ({ outcome, status }: { readonly outcome: number; readonly status: string }): boolean =>
  outcome === verdictOutcomes.validatorFault && status === 'slashed'

const refuse = (reason: string, details: Readonly<Record<string, string | number | boolean>> = {}): MarketError =>
  new MarketError('settlement-refused', `the verdict is refused: ${reason}`, { details: { reason, ...details } })
