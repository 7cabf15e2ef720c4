import {
  deriveCommitDigest,
  MarketError,
  recoverSigner,
  type Signature,
  type WorkReply,
  type WorkState,
} from '@assay/protocol'
import type { Context } from '../context.ts'
import type { AttemptRow } from '../store/records.ts'

/** Records that the provider has signed the lease. Throws `signature-invalid`. */
export function takeAcceptance(context: Context, attempt: AttemptRow, acceptance: Signature): AttemptRow {
  if (recoverSigner(attempt.lease, acceptance) !== attempt.provider)
    throw new MarketError('signature-invalid', 'the lease is not signed by the provider', { blame: 'provider' })
  if (attempt.state !== 'offered') return attempt
  const { shard, attempt: number, provider, orderId } = attempt
  const next = context.store.updateAttempt(attempt, { state: 'leased', acceptance, atMs: context.clock.now() })
  context.emit(orderId, { type: 'attempt.leased', shard, attempt: number, provider })
  return next
}

/** Records how far the provider is. */
export function takeProgress(context: Context, attempt: AttemptRow, state: WorkState): AttemptRow {
  if (state === 'sealing' || attempt.state === state || attempt.state === 'offered') return attempt
  const { shard, attempt: number, provider, orderId } = attempt
  const now = context.clock.now()
  const next = context.store.updateAttempt(attempt, {
    state,
    ...(state === 'executing' && { executingAtMs: now }),
    atMs: now,
  })
  if (state === 'executing') context.emit(orderId, { type: 'attempt.executing', shard, attempt: number, provider })
  return next
}

/**
 * Records a commit, durable before the provider hears so. It counts only with its sealed bytes here.
 * Throws `commit-invalid`, `sealed-invalid`.
 */
export async function takeCommit(
  context: Context,
  attempt: AttemptRow,
  { commit, sealed }: Extract<WorkReply, { type: 'committed' }>,
): Promise<void> {
  const { blobs, chain, clock, directory, emit, store } = context
  const { orderId, shard, attempt: number, provider } = attempt
  const names =
    commit.orderId === orderId && commit.shard === shard && commit.attempt === number && commit.provider === provider
  if (!names) throw invalid('commit-invalid', 'it is for another attempt')
  if (recoverSigner(deriveCommitDigest(chain.market, commit), commit.signature) !== provider)
    throw invalid('commit-invalid', 'bad signature')
  if (commit.sealedHash.toString() !== sealed.root.toString())
    throw invalid('sealed-invalid', 'the commit names other bytes')
  if (!(await blobs.has(sealed.root))) throw invalid('sealed-invalid', 'the sealed bytes did not arrive')
  await blobs.pin(sealed.root, orderId)
  // Commitments name commits everywhere: two alike would make an epoch that no member can acknowledge.
  if (store.byCommitment(commit.commitment) !== undefined)
    throw invalid('commit-invalid', 'another attempt has made this commitment')
  const now = clock.now()
  const { executingAtMs } = attempt
  store.updateAttempt(attempt, {
    state: 'committed',
    commit,
    sealed,
    ...(executingAtMs !== undefined && { runMs: now - executingAtMs }),
    atMs: now,
  })
  directory.breaker.record(provider, true)
  emit(orderId, { type: 'attempt.committed', shard, attempt: number, provider })
  context.wake()
}

const invalid = (code: 'commit-invalid' | 'sealed-invalid', reason: string): MarketError =>
  new MarketError(code, `commit refused: ${reason}`, { details: { reason }, blame: 'provider' })
