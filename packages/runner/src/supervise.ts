/** Starts a container and watches it to its end: output, time, cancellation, exit. */
import { Readable } from 'node:stream'
import type { Clock } from '@assay/core'
import { durationMs, type DurationMs, type UnixMs } from '@assay/protocol'
import type { RunTraces } from './classify-run.ts'
import { collectOutput, type Collected, type CollectOptions } from './collect-output.ts'
import { unstoppable, type JobContainer } from './container.ts'
import { demultiplex } from './demultiplex.ts'
import { limits } from './limits.ts'

export interface SuperviseOptions extends Omit<CollectOptions, 'onReport'> {
  readonly timeMs: DurationMs
  readonly onStarted: (at: UnixMs) => void
}
export interface Supervised {
  readonly traces: RunTraces
  readonly durationMs: DurationMs
}

/**
 * Returns when the container has ended. Throws what the engine throws, and the signal's reason when aborted before the
 * start; the caller removes the container in any case. The job's time begins when the engine says that it started.
 */
export async function supervise(
  deps: { readonly clock: Clock },
  container: JobContainer,
  options: SuperviseOptions,
  signal: AbortSignal,
): Promise<Supervised> {
  const { clock } = deps
  const stream = await container.attach(signal)
  const watch = createWatch(clock, container, stream)
  const onAbort = (): void => watch.stop('cancelled')
  try {
    const unstartable = await container.start(signal)
    if (unstartable !== undefined)
      return { traces: { unstartable, oomKilled: false, status: 0 }, durationMs: durationMs(0) }
    const startedAt = clock.now()
    options.onStarted(startedAt)
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    const drainMs = limits.drainMs + Math.ceil(options.outputBytes / limits.drainBytesPerMs)
    const disarm = watch.alarm(options.timeMs, () => watch.stop('time-limit'))
    const onReport = (): void => {
      disarm()
      watch.alarm(drainMs, () => watch.stop('drain-limit'))
    }
    const waitMs = options.timeMs + drainMs + limits.killMs + limits.tailMs
    const exit = container.wait(waitMs, unstoppable).finally(() => watch.expectEnd())
    const [collected, status] = await Promise.all([collect(stream, watch, { ...options, onReport }), exit])
    const ran = durationMs(Math.max(0, clock.now() - startedAt))
    const { stopped } = watch
    // The stub's counter is the kernel's own; the engine is asked only where there is none.
    const unknown = collected.report?.memoryKills === undefined && stopped !== 'cancelled' && stopped !== 'time-limit'
    const oomKilled = unknown && (await container.wasOomKilled(unstoppable))
    return {
      traces: { ...collected, ...(stopped === undefined ? {} : { stopped }), oomKilled, status },
      durationMs: ran,
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
    await watch.close()
  }
}

/** Kills at most once, remembers why, and cuts a stream that outlives its container. */
interface Watch {
  readonly stopped: RunTraces['stopped']
  stop(why: NonNullable<RunTraces['stopped']>): void
  /** The container has ended: its stream must end soon, whatever a stuck runtime does. */
  expectEnd(): void
  /** Calls `ring` after `ms` unless disarmed or closed before. */
  alarm(ms: number, ring: () => void): () => void
  close(): Promise<void>
}

function createWatch(clock: Clock, container: JobContainer, stream: NodeJS.ReadableStream): Watch {
  const over = new AbortController()
  let stopped: RunTraces['stopped']
  let killing: Promise<void> | undefined
  const cut = (): void => {
    if (stream instanceof Readable) stream.destroy()
  }
  const watch: Watch = {
    get stopped() {
      return stopped
    },
    stop(why) {
      if (killing !== undefined || over.signal.aborted) return
      stopped = why
      killing = container.kill(unstoppable).then(() => watch.expectEnd(), cut)
    },
    expectEnd() {
      watch.alarm(limits.tailMs, cut)
    },
    alarm(ms, ring) {
      const disarm = new AbortController()
      clock.sleep(durationMs(ms), AbortSignal.any([over.signal, disarm.signal])).then(ring, () => undefined)
      return () => disarm.abort()
    },
    async close() {
      over.abort()
      cut()
      await killing
    },
  }
  return watch
}

/** Reads the output. A fault in it stops the container; an end that we caused is no error. */
async function collect(stream: NodeJS.ReadableStream, watch: Watch, options: CollectOptions): Promise<Collected> {
  try {
    const collected = await collectOutput(demultiplex(stream), options)
    if (collected.fault !== undefined) watch.stop('output-fault')
    return collected
  } catch (error) {
    if (watch.stopped !== undefined) return {}
    throw error
  }
}
