import { checkFaultProof } from '@assay/core'
import {
  deriveAuditCommitDigest,
  recoverSigner,
  type FaultProof,
  type Opening,
  type SignedAuditCommit,
  type SignedCommit,
} from '@assay/protocol'
import type { ValidatorContext } from '../context.ts'
import type { DueCommit } from './due-commit.ts'

type Noting = Pick<ValidatorContext, 'chain' | 'clock' | 'log' | 'signer' | 'store'>

/** Keeps what convicts an operator by arithmetic, durable before anything is done about it. What proves nothing is dropped. */
function noteFault({ chain, clock, log, store }: Noting, proof: FaultProof): void {
  const found = checkFaultProof(chain.market, proof)
  if (found === undefined || !store.addProof({ verdictId: found.verdictId, proof }, clock.now())) return
  log.warn({ kind: proof.kind, orderId: found.orderId, accused: found.accused }, 'fault.found')
}

/** Commits of a proposed epoch beside those of other epochs, and beside each other: one attempt has one. */
export function noteCommits(context: Noting, commits: readonly SignedCommit[]): void {
  const { store } = context
  const seen = new Map<string, SignedCommit>()
  for (const second of commits) {
    const key = `${second.orderId}/${second.shard}/${second.attempt}/${second.provider}`
    const first = seen.get(key) ?? store.commitOf(second)?.commit
    seen.set(key, second)
    const terms = store.order(second.orderId)?.terms
    if (first === undefined || terms === undefined || first.commitment === second.commitment) continue
    noteFault(context, { kind: 'equivocation', terms, first, second })
  }
}

/** Audit commits of other seats that an aggregator shows: each seat gives one answer in a round, whoever asks. */
export function noteAuditCommits(
  context: Noting,
  { leaf, order }: Pick<DueCommit, 'leaf' | 'order'>,
  commits: readonly SignedAuditCommit[],
  opening: Opening | undefined,
): void {
  const { chain, signer, store } = context
  const { commit } = leaf
  const { orderId, terms } = order
  for (const second of commits) {
    const { commitment, validator, signature } = second
    if (commitment !== commit.commitment || validator === signer.address) continue
    // Unsigned words are not worth remembering.
    if (recoverSigner(deriveAuditCommitDigest(chain.market, second), signature) !== validator) continue
    const first = store.keepAudit(orderId, second)
    if (first.auditCommitment === second.auditCommitment || opening === undefined) continue
    noteFault(context, { kind: 'conflicting-audits', terms, commit, opening, first, second })
  }
}
