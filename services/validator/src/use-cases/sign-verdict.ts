import { isConviction, isSlashable, judgeAudit, slashAmount } from '@assay/core'
import {
  deriveEvidenceHash,
  deriveVerdictDigest,
  MarketError,
  maxUsdc,
  usdc,
  verdictOutcomes,
  type Address,
  type Audit,
  type ShardVerdict,
  type ValidatorReply,
  type ValidatorRequest,
  type Verdict,
} from '@assay/protocol'
import type { ValidatorContext } from '../context.ts'
import { protectVerdict } from '../protection.ts'
import { askOpening } from './ask-opening.ts'
import { ownQuorum } from './certify-job.ts'
import { openDueCommit, type DueCommit } from './due-commit.ts'
import { noteAuditCommits } from './note-fault.ts'
import { deriveVerdictContent } from './verdict-content.ts'

export type JudgeRequest = Extract<ValidatorRequest, { type: 'judge' }>

/**
 * Signs a verdict that slashes, after deriving it again: the audit was due, every signature and opening holds, the
 * results convict, a certificate arms the conviction, and the amount is what deterrence needs. A commit that is said not to
 * open is asked for once more.
 * Throws `audit-refused`, `settlement-refused`.
 */
export async function signVerdict(
  context: ValidatorContext,
  request: JudgeRequest,
  from: Address,
  signal: AbortSignal,
): Promise<ValidatorReply> {
  const { chain, clock, log, signer, store } = context
  const { verdict, reason, opening, rounds, challenges } = request
  const commitment = commitmentOf(context, request)
  const due = await openDueCommit(context, { ...request, commitment }, from, signal)
  noteAuditCommits(
    context,
    due,
    rounds.flatMap(({ commits }) => commits),
    opening,
  )
  const audit: Audit = { commitment, reason, rounds, ...(opening && { opening }), ...(challenges && { challenges }) }
  const outcome = await judge(context, due, { audit, verdict }, signal)
  if (opening === undefined && store.verdictOn(commitment) === undefined)
    await refuseIfOpened(context, due, { audit, request }, signal)

  const content = deriveVerdictContent(verdict)
  if (store.verdictOn(commitment)?.content !== content) await checkArmed(context, due, request, signal)
  const { orderId, provider } = due.leaf.commit
  protectVerdict(store, { commitment, content, verdict, challenged: challenges !== undefined })
  store.addVerdict(
    { commitment, orderId, content, verdict, atMs: clock.now() },
    { commitment, orderId, provider, determinism: due.order.spec.determinism, verdict: outcome },
  )
  log.info(
    { orderId, shard: verdict.shard, accused: provider, outcome, slash: verdict.slash.toString() },
    'verdict.signed',
  )
  return { type: 'signed', signature: await signer.sign(deriveVerdictDigest(chain.market, verdict)) }
}

function commitmentOf(
  { store }: ValidatorContext,
  { proposal, verdict }: JudgeRequest,
): DueCommit['leaf']['commit']['commitment'] {
  const leaf = store
    .proposal(proposal)
    ?.leaves.find(
      ({ commit }) =>
        commit.orderId === verdict.orderId &&
        commit.shard === verdict.shard &&
        commit.attempt === verdict.attempt &&
        commit.provider === verdict.accused,
    )
  if (leaf === undefined) throw refuse('commit-unknown')
  return leaf.commit.commitment
}

async function judge(
  { chain }: ValidatorContext,
  due: DueCommit,
  { audit, verdict }: { readonly audit: Audit; readonly verdict: Verdict },
  signal: AbortSignal,
): Promise<ShardVerdict> {
  const { leaf, order, proposal, beacon } = due
  const { terms, spec } = order
  const { determinism } = spec
  const judged = judgeAudit({ market: chain.market, commit: leaf.commit, terms, determinism, proposal, beacon, audit })
  if (!judged.ok) throw refuse(judged.fault, judged.details)
  const outcome = judged.verdict
  if (outcome === 'pending' || outcome === 'panel-needed' || !isConviction(outcome))
    throw refuse('no-conviction', { verdict: outcome })
  // Read now, not remembered: an earlier slash may have taken from it.
  const stakeUsdc = (await chain.operator(leaf.commit.provider, signal))?.stake ?? usdc(0n)
  const amount = { priceUsdc: spec.priceUsdc, ratePpm: leaf.ratePpm, determinism }
  const least = slashAmount({ ...amount, stakeUsdc })
  const most = slashAmount({ ...amount, stakeUsdc: maxUsdc })
  // The chain takes what is there when there is less, so an amount computed before another slash is right too.
  if (verdict.slash < least || verdict.slash > most || verdict.slash === 0n)
    throw refuse('slash-differs', { least: `${least}`, most: `${most}`, asked: `${verdict.slash}` })
  const follows =
    verdict.outcome === verdictOutcomes.providerFault &&
    verdict.quorumId === terms.quorumId &&
    verdict.detector === judged.detector &&
    verdict.evidence === deriveEvidenceHash(audit)
  if (!follows)
    throw refuse('verdict-differs', { detector: judged.detector ?? 'none', evidence: deriveEvidenceHash(audit) })
  return outcome
}

/** A wrong result costs stake only where the quorum had certified that there is a right one. */
async function checkArmed(
  context: ValidatorContext,
  { order, proposal }: DueCommit,
  { certificate, opening }: JudgeRequest,
  signal: AbortSignal,
): Promise<void> {
  const { chain, store } = context
  const armed = isSlashable({
    market: chain.market,
    quorum: await ownQuorum(context, order.terms.quorumId, signal),
    spec: order.spec,
    closedAtMs: proposal.closedAtMs,
    opened: opening !== undefined,
    certificate,
    isRevoked: (id) => store.revocation(id) !== undefined,
  })
  if (!armed.ok) throw refuse(armed.fault, armed.details)
}

async function refuseIfOpened(
  context: ValidatorContext,
  due: DueCommit,
  { audit, request }: { readonly audit: Audit; readonly request: JudgeRequest },
  signal: AbortSignal,
): Promise<void> {
  const { proposal, leaves } = due.epoch
  const epoch = { proposal, leaves: [...leaves], acks: request.acks }
  const opening = await askOpening(context, { commit: due.leaf.commit, audit, epoch, beacon: request.beacon }, signal)
  if (opening !== undefined) throw refuse('provider-opens', { ...opening })
}

const refuse = (reason: string, details: Readonly<Record<string, string | number | boolean>> = {}): MarketError =>
  new MarketError('settlement-refused', `the verdict is refused: ${reason}`, { details: { reason, ...details } })
