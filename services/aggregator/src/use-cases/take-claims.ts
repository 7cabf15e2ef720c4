import { fetchBlob } from '@assay/blobs'
import { checkOwnCommit } from '@assay/core'
import {
  byteCount,
  CounterCommit,
  deriveLeaseDigest,
  openEnvelope,
  toMarketError,
  type Address,
  type BlobRef,
  type Envelope,
  type PublicKey,
} from '@assay/protocol'
import type { Context } from '../context.ts'
import type { AttemptRow, JobRow } from '../store/records.ts'
import { lastCall } from './last-call.ts'

/** A counter-commit that a validator showed, and who holds its sealed result. */
export interface Claim {
  readonly counter: Envelope
  readonly heldBy: Address
}

/**
 * Takes commits that providers claim back into a job whose settlement was refused without them: each is proposed again, to
 * be audited for certain. Returns whether the job went back to work; without time for that the order is refunded.
 */
export async function takeClaims(
  context: Context,
  job: JobRow,
  claims: readonly Claim[],
  signal: AbortSignal,
): Promise<boolean> {
  const { clock, log, store } = context
  const { orderId } = job
  let taken = 0
  for (const claim of claims) {
    if (clock.now() >= lastCall(job)) break
    try {
      if (await takeOne(context, job, claim, signal)) taken += 1
    } catch (error) {
      signal.throwIfAborted()
      log.warn({ orderId, code: toMarketError(error).code }, 'claim.refused')
    }
  }
  if (taken === 0) return false
  const current = store.job(orderId)
  if (current?.state !== 'settling') return false
  store.reopenJob(current)
  log.info({ orderId, commits: taken }, 'job.reopened')
  context.wake()
  return true
}

async function takeOne(
  context: Context,
  job: JobRow,
  { counter, heldBy }: Claim,
  signal: AbortSignal,
): Promise<boolean> {
  const { chain, clock, emit, store } = context
  const check = checkOwnCommit({ kind: 'counter/1', envelope: counter, market: chain.market, terms: job.terms })
  if (!check.ok) return false
  const { commit, sealed } = check
  const { lease } = openEnvelope('counter/1', CounterCommit, counter)
  const attempt = store.attempt(commit)
  const mine = attempt?.lease === deriveLeaseDigest(lease.offer)
  if (attempt === undefined || !mine) return false
  if (attempt.state === 'committed') return true
  // One paid attempt a shard: the next claim of this shard has its turn when this one fails.
  const { orderId, shard } = commit
  if (store.progressOf(orderId).some((other) => other.shard === shard && standing.has(other.state))) return false
  if (attempt.state !== 'expired' || attempt.commit !== undefined) return false
  await fetchSealed(context, { attempt, heldBy, sealed, job }, signal)
  const current = store.attempt(attempt)
  if (current?.state !== 'expired') return false
  store.reviveAttempt(current, { acceptance: lease.acceptance, commit, sealed, atMs: clock.now() })
  const { attempt: number, provider } = commit
  emit(orderId, { type: 'attempt.committed', shard, attempt: number, provider, note: 'claimed by its provider' })
  return true
}

const standing: ReadonlySet<AttemptRow['state']> = new Set(['committed', 'auditing', 'accepted'])

interface Wanted {
  readonly job: JobRow
  readonly attempt: AttemptRow
  readonly heldBy: Address
  readonly sealed: BlobRef
}

/** From the provider that claims it, else from the validator that kept it. */
async function fetchSealed(
  { blobs, directory, network }: Context,
  { job, attempt, heldBy, sealed }: Wanted,
  signal: AbortSignal,
): Promise<void> {
  // age adds 16 bytes to each 64 KiB and a header; the result brings its manifest.
  const maxBytes = byteCount(Math.ceil(job.spec.outputBytes * 1.01) + sealOverheadBytes)
  const options = { maxBytes, owner: job.orderId }
  const fetchFrom = async (peer: PublicKey) => fetchBlob(network, peer, sealed, blobs, options, signal)
  try {
    await fetchFrom(attempt.publicKey)
  } catch (error) {
    signal.throwIfAborted()
    const keeper = directory.node(heldBy)?.peer
    if (keeper === undefined) throw error
    await fetchFrom(keeper.publicKey)
  }
}

const sealOverheadBytes = 17 * 1024 * 1024
