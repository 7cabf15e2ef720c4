import type { FrameStream } from '@assay/core'
import {
  after,
  decodeError,
  decodeFrame,
  deriveCommitDigest,
  durationMs,
  encodeFrame,
  isMarketError,
  MarketError,
  protocols,
  recoverSigner,
  WorkReply,
  type WorkRequest,
} from '@assay/protocol'
import type { Context } from '../context.ts'
import { aggregatorLimits as limits } from '../limits.ts'
import type { AttemptKey, AttemptRow, JobRow } from '../store/records.ts'
import { withDeadline } from '../tasks.ts'

/**
 * Drives one attempt from offer to commit. A broken stream does not end it: the provider goes on, and we ask where it
 * stands until it cannot be reached for too long or its time is up.
 */
export async function runAttempt(context: Context, key: AttemptKey, signal: AbortSignal): Promise<void> {
  const { clock, store } = context
  let unreachableSince: number | undefined
  for (;;) {
    const attempt = store.attempt(key)
    const job = store.job(key.orderId)
    if (attempt === undefined || job === undefined || !isLive(attempt)) return
    try {
      await converse(context, job, attempt, signal)
      return
    } catch (error) {
      signal.throwIfAborted()
      const current = store.attempt(key)
      if (current === undefined || !isLive(current)) return
      const fatal = fatalError(context, current, error, unreachableSince)
      if (fatal !== undefined) return endAttempt(context, current, fatal)
      unreachableSince ??= clock.now()
      await clock.sleep(durationMs(limits.retryMs), signal)
    }
  }
}

/** Marks an attempt failed, with stage and blame for the record. */
export function endAttempt(context: Context, attempt: AttemptRow, error: MarketError): void {
  const { clock, directory, emit, store } = context
  const { code, blame } = error
  const detail = Object.entries(error.details)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')
  store.updateAttempt(attempt, { state: 'expired', code, blame, detail, atMs: clock.now() })
  if (blame === 'provider' || blame === 'network') directory.recordOutcome(attempt.provider, false)
  const { shard, attempt: number, provider } = attempt
  emit(attempt.orderId, { type: 'attempt.failed', shard, attempt: number, provider, code, blame })
}

const isLive = (attempt: AttemptRow): boolean => ['offered', 'leased', 'preparing', 'executing'].includes(attempt.state)

/** The error that ends the attempt, or `undefined` when it is worth asking again. */
function fatalError(
  context: Context,
  attempt: AttemptRow,
  error: unknown,
  unreachableSince: number | undefined,
): MarketError | undefined {
  const now = context.clock.now()
  if (now >= attempt.commitByMs)
    return new MarketError('attempt-timeout', 'no commit by the deadline', { cause: error })
  if (!isMarketError(error)) throw error
  const transient = ['peer-unreachable', 'stream-closed', 'state-conflict'].includes(error.code)
  if (!transient) return error
  const silent = unreachableSince !== undefined && now - unreachableSince >= limits.providerGoneMs
  if (attempt.state === 'offered' ? now >= after(attempt.atMs, limits.offerMs) : silent)
    return new MarketError('provider-gone', 'the provider cannot be reached', { cause: error })
  return undefined
}

async function converse(context: Context, job: JobRow, attempt: AttemptRow, signal: AbortSignal): Promise<void> {
  const { clock, network } = context
  const late = () => new MarketError('attempt-timeout', 'no commit by the deadline')
  await withDeadline(clock, Math.max(0, attempt.commitByMs - clock.now()), signal, late, async (inner) => {
    const stream = await network.open(attempt.publicKey, protocols.work, inner)
    try {
      const first: WorkRequest =
        attempt.state === 'offered'
          ? { type: 'offer', offer: attempt.offer, terms: job.terms, spec: job.spec }
          : { type: 'resume', lease: attempt.lease }
      await stream.send(encodeFrame(first), inner)
      await follow(context, job, attempt, stream, inner)
      await stream.end()
    } catch (error) {
      stream.abort(error instanceof Error ? error : new Error('attempt ended'))
      throw error
    }
  })
}

async function follow(
  context: Context,
  job: JobRow,
  start: AttemptRow,
  stream: FrameStream,
  signal: AbortSignal,
): Promise<void> {
  let attempt = start
  for (;;) {
    const frame = await receiveOrCancel(context, attempt, stream, signal)
    if (frame === undefined) throw new MarketError('stream-closed', 'the provider closed the stream')
    const reply = decodeFrame(WorkReply, frame, protocols.work)
    // The record may have moved on (a planning round, an earlier stream): always build on the newest.
    attempt = context.store.attempt(attempt) ?? attempt
    if (reply.type === 'declined') {
      if (reply.error.code === 'image-unknown') context.directory.markImage(attempt.provider, job.spec.image, false)
      throw new MarketError('lease-declined', 'the provider declined', {
        details: { reason: reply.error.code },
        cause: decodeError(reply.error),
      })
    }
    if (reply.type === 'failed') throw blameCapped(decodeError(reply.error))
    if (reply.type === 'committed') return takeCommit(context, attempt, reply, stream, signal)
    attempt =
      reply.type === 'accepted'
        ? takeAcceptance(context, attempt, reply.acceptance)
        : takeProgress(context, attempt, reply.state)
  }
}

/** Waits for the next frame; a job cancelled meanwhile cancels the attempt. */
async function receiveOrCancel(
  context: Context,
  attempt: AttemptRow,
  stream: FrameStream,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  const frame = stream.receive(signal)
  const done = new AbortController()
  const watch = (async () => {
    while (!done.signal.aborted) {
      await context.clock.sleep(durationMs(limits.planEveryMs), AbortSignal.any([signal, done.signal]))
      if (context.store.job(attempt.orderId)?.cancelled !== true) continue
      await stream.send(encodeFrame({ type: 'cancel' }), signal)
      throw new MarketError('cancelled', 'the client cancelled the job')
    }
    return undefined
  })()
  watch.catch(() => undefined)
  try {
    return await Promise.race([frame, watch])
  } finally {
    frame.catch(() => undefined)
    done.abort()
  }
}

/** A provider may blame the client for a failure of the job, and itself, but nobody else. */
const blameCapped = (error: MarketError): MarketError =>
  error.blame === 'client' || error.blame === 'provider'
    ? error
    : new MarketError(error.code, error.message, { details: error.details, blame: 'provider' })

function takeAcceptance(context: Context, attempt: AttemptRow, acceptance: AttemptRow['acceptance'] & {}): AttemptRow {
  if (recoverSigner(attempt.lease, acceptance) !== attempt.provider)
    throw new MarketError('signature-invalid', 'the lease is not signed by the provider', { blame: 'provider' })
  if (attempt.state !== 'offered') return attempt
  const { shard, attempt: number, provider, orderId } = attempt
  const next = context.store.updateAttempt(attempt, { state: 'leased', acceptance, atMs: context.clock.now() })
  context.emit(orderId, { type: 'attempt.leased', shard, attempt: number, provider })
  return next
}

function takeProgress(context: Context, attempt: AttemptRow, state: 'preparing' | 'executing' | 'sealing'): AttemptRow {
  if (state === 'sealing' || attempt.state === state || attempt.state === 'offered') return attempt
  const { shard, attempt: number, provider, orderId } = attempt
  const next = context.store.updateAttempt(attempt, { state, atMs: context.clock.now() })
  if (state === 'executing') context.emit(orderId, { type: 'attempt.executing', shard, attempt: number, provider })
  return next
}

/** The commit counts only with its sealed bytes here; it is durable before the provider hears so. */
async function takeCommit(
  context: Context,
  attempt: AttemptRow,
  { commit, sealed }: Extract<WorkReply, { type: 'committed' }>,
  stream: FrameStream,
  signal: AbortSignal,
): Promise<void> {
  const { blobs, chain, clock, directory, emit, store } = context
  const { orderId, shard, attempt: number, provider } = attempt
  const invalid = (code: 'commit-invalid' | 'sealed-invalid', reason: string): MarketError =>
    new MarketError(code, `commit refused: ${reason}`, { details: { reason }, blame: 'provider' })
  const names =
    commit.orderId === orderId && commit.shard === shard && commit.attempt === number && commit.provider === provider
  if (!names) throw invalid('commit-invalid', 'it is for another attempt')
  if (recoverSigner(deriveCommitDigest(chain.market, commit), commit.signature) !== provider)
    throw invalid('commit-invalid', 'bad signature')
  if (commit.sealedHash.toString() !== sealed.root.toString())
    throw invalid('sealed-invalid', 'the commit names other bytes')
  if (!(await blobs.has(sealed.root))) throw invalid('sealed-invalid', 'the sealed bytes did not arrive')
  await blobs.pin(sealed.root, orderId)
  store.updateAttempt(attempt, { state: 'committed', commit, sealed, atMs: clock.now() })
  directory.recordOutcome(provider, true)
  emit(orderId, { type: 'attempt.committed', shard, attempt: number, provider })
  context.wake()
  // The provider may forget the sealed bytes only now. It asks again should this not arrive.
  await stream.send(encodeFrame({ type: 'committed' } satisfies WorkRequest), signal).catch(() => undefined)
}
