import {
  deriveAttestationDigest,
  deriveAuditCommitDigest,
  deriveAuditCommitment,
  deriveCommitment,
  EpochProposal,
  MarketError,
  openEnvelope,
  recoverSigner,
  type Address,
  type SignedAuditCommit,
  type ValidatorReply,
  type ValidatorRequest,
} from '@assay/protocol'
import type { ValidatorContext } from '../context.ts'
import type { AuditRow } from '../store/records.ts'
import { refuse, seatsOf, type DueCommit } from './due-commit.ts'
import { noteAuditCommits } from './note-fault.ts'
import { ownAudit } from './run-audit.ts'

export type RevealRequest = Extract<ValidatorRequest, { type: 'reveal' }>

/**
 * Shows the own result once every seat of the round has committed to one, so that nobody can copy it. The result is
 * the one that was committed to, however often it is asked for. Throws `audit-refused`, `opening-invalid`.
 */
export async function revealAudit(
  context: ValidatorContext,
  request: RevealRequest,
  from: Address,
  signal: AbortSignal,
): Promise<ValidatorReply> {
  const { chain, chainFacts, log, signer, store } = context
  const { commitment, round, opening } = request
  const own = ownAudit(context, request)
  if (own === undefined) throw refuse('nothing-committed')
  const due = recall(context, own)
  // Another member may ask too, before it signs that nothing was shown: by then every seat has committed.
  if (due.proposal.aggregator !== from) {
    const quorum = await chainFacts.quorum(due.proposal.quorumId, signal)
    if (quorum?.members.includes(from) !== true) throw refuse('not-its-aggregator')
  }
  noteAuditCommits(context, due, request.commits, opening)
  if (!own.attested) {
    checkRound(context, due, own, request.commits)
    if (opening !== undefined && deriveCommitment(chain.market, due.leaf.commit, opening) !== commitment)
      throw new MarketError('opening-invalid', 'the opening does not open the commit', { blame: 'aggregator' })
    store.markAttested(own)
    log.info({ orderId: own.orderId, commitment, round }, 'audit.attested')
  }
  const body = { commitment, round, validator: signer.address, ...own.opening }
  return {
    type: 'attested',
    attestation: { ...body, signature: await signer.sign(deriveAttestationDigest(chain.market, body)) },
  }
}

/** The due commit as it was checked before the run. */
function recall({ store }: ValidatorContext, own: AuditRow): DueCommit {
  const epoch = store.proposal(own.proposal)
  const order = store.order(own.orderId)
  const leaf = epoch?.leaves.find(({ commit }) => commit.commitment === own.commitment)
  if (epoch === undefined || order === undefined || leaf === undefined) throw refuse('order-forgotten')
  return { epoch, order, leaf, proposal: openEnvelope('epoch/1', EpochProposal, epoch.proposal), beacon: own.beacon }
}

/** Every seat that the draw gives the round has committed, the own one with the own result. */
function checkRound(
  { chain, signer }: ValidatorContext,
  due: DueCommit,
  own: AuditRow,
  commits: readonly SignedAuditCommit[],
): void {
  const { seats, alternates } = seatsOf(due, own.round, own.excluded)
  const drawn = new Set([...seats, ...alternates])
  const committed = new Set<Address>()
  for (const audit of commits) {
    const signed = recoverSigner(deriveAuditCommitDigest(chain.market, audit), audit.signature) === audit.validator
    if (!signed || audit.commitment !== own.commitment || audit.round !== own.round)
      throw refuse('audit-commit-invalid')
    if (!drawn.has(audit.validator)) throw refuse('seat-undrawn', { validator: audit.validator })
    committed.add(audit.validator)
  }
  const self = { commitment: own.commitment, round: own.round, validator: signer.address }
  const promise = deriveAuditCommitment(chain.market, self, own.opening)
  if (!commits.some((audit) => audit.validator === signer.address && audit.auditCommitment === promise))
    throw refuse('own-commit-missing')
  if (committed.size < seats.length) throw refuse('seats-missing', { have: committed.size, need: seats.length })
}
