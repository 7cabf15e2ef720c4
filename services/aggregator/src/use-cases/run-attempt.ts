import type { FrameStream } from '@assay/core'
import {
  after,
  decodeError,
  decodeFrame,
  durationMs,
  encodeFrame,
  isMarketError,
  MarketError,
  protocols,
  WorkReply,
  type ErrorCode,
  type UnixMs,
  type WorkRequest,
} from '@assay/protocol'
import type { Context } from '../context.ts'
import { aggregatorLimits as limits } from '../limits.ts'
import type { AttemptKey, AttemptRow, JobRow } from '../store/records.ts'
import { withDeadline } from '../with-deadline.ts'
import { noteCommit } from './note-fault.ts'
import { takeAcceptance, takeCommit, takeProgress } from './take-reply.ts'

/**
 * Drives one attempt from offer to commit. A broken stream does not end it: the provider goes on, and we ask where it
 * stands until it cannot be reached for too long or its time is up.
 */
export async function runAttempt(context: Context, key: AttemptKey, signal: AbortSignal): Promise<void> {
  const { clock, store } = context
  let unreachableSince: UnixMs | undefined
  const heard = (): void => void (unreachableSince = undefined)
  for (;;) {
    const attempt = store.attempt(key)
    const job = store.job(key.orderId)
    if (attempt === undefined || job === undefined || !isLive(attempt)) return
    try {
      await converse(context, { job, attempt, heard }, signal)
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
function endAttempt(context: Context, attempt: AttemptRow, error: MarketError): void {
  const { clock, directory, emit, store } = context
  const { code, blame } = error
  const detail = Object.entries(error.details)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')
  store.updateAttempt(attempt, { state: 'expired', code, blame, detail, atMs: clock.now() })
  if (blame === 'provider' || blame === 'network') directory.breaker.record(attempt.provider, false)
  const { shard, attempt: number, provider } = attempt
  emit(attempt.orderId, { type: 'attempt.failed', shard, attempt: number, provider, code, blame })
}

const isLive = (attempt: AttemptRow): boolean => ['offered', 'leased', 'preparing', 'executing'].includes(attempt.state)

/** The error that ends the attempt, or `undefined` when it is worth asking again. */
function fatalError(
  context: Context,
  attempt: AttemptRow,
  error: unknown,
  unreachableSince: UnixMs | undefined,
): MarketError | undefined {
  const now = context.clock.now()
  if (now >= attempt.commitByMs)
    return new MarketError('attempt-timeout', 'no commit by the deadline', { cause: error })
  if (!isMarketError(error)) throw error
  if (!isTransient(error)) return error
  const silent = unreachableSince !== undefined && now - unreachableSince >= limits.providerGoneMs
  if (attempt.state === 'offered' ? now >= after(attempt.atMs, limits.offerMs) : silent)
    return error.code === 'lease-declined'
      ? error
      : new MarketError('provider-gone', 'the provider cannot be reached', { cause: error })
  return undefined
}

/** Whether asking the same provider again may help: the line broke, or it could not see the chain when it looked. */
function isTransient(error: MarketError): boolean {
  const code = error.code === 'lease-declined' && isMarketError(error.cause) ? error.cause.code : error.code
  return transient.has(code)
}
const transient: ReadonlySet<ErrorCode> = new Set([
  'peer-unreachable',
  'stream-closed',
  'state-conflict',
  'rpc-unavailable',
  'rate-limited',
])

/** One stream's worth of an attempt. `heard` is called at each frame. */
interface Conversation {
  readonly job: JobRow
  readonly attempt: AttemptRow
  readonly heard: () => void
}

async function converse(context: Context, talk: Conversation, signal: AbortSignal): Promise<void> {
  const { job, attempt } = talk
  const { clock, network } = context
  const late = (): Error => new MarketError('attempt-timeout', 'no commit by the deadline')
  await withDeadline({ clock, signal }, Math.max(0, attempt.commitByMs - clock.now()), late, async (inTime) => {
    const stream = await network.open(attempt.publicKey, protocols.work, inTime)
    try {
      const first: WorkRequest =
        attempt.state === 'offered'
          ? { type: 'offer', offer: attempt.offer, terms: job.terms, spec: job.spec }
          : { type: 'resume', lease: attempt.lease }
      await stream.send(encodeFrame(first), inTime)
      await follow(context, talk, stream, inTime)
      await stream.end()
    } catch (error) {
      stream.abort(error instanceof Error ? error : new Error('attempt ended'))
      throw error
    }
  })
}

async function follow(
  context: Context,
  { job, attempt: start, heard }: Conversation,
  stream: FrameStream,
  signal: AbortSignal,
): Promise<void> {
  let attempt = start
  for (;;) {
    const frame = await receiveOrCancel(context, attempt, stream, signal)
    if (frame === undefined) throw new MarketError('stream-closed', 'the provider closed the stream')
    heard()
    const reply = decodeFrame(WorkReply, frame, protocols.work)
    // The record may have moved on (a planning round, an earlier stream): always build on the newest.
    attempt = context.store.attempt(attempt) ?? attempt
    if (reply.type === 'committed' && attempt.commit !== undefined)
      noteCommit(context, job.terms, attempt.commit, reply.commit)
    if (!isLive(attempt)) return
    if (reply.type === 'declined') {
      if (reply.error.code === 'image-unknown') context.directory.images.mark(attempt.provider, job.spec.image, false)
      throw new MarketError('lease-declined', 'the provider declined', {
        details: { reason: reply.error.code },
        cause: decodeError(reply.error),
      })
    }
    if (reply.type === 'failed') throw blameCapped(decodeError(reply.error))
    if (reply.type === 'committed') {
      await takeCommit(context, attempt, reply)
      // The provider may forget the sealed bytes only now. It asks again should this not arrive.
      await stream.send(encodeFrame({ type: 'committed' } satisfies WorkRequest), signal).catch(() => undefined)
      return
    }
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
