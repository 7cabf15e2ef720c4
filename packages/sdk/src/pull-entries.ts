/** Turns the pushed entries of a result into an iteration. */
import type { ManifestEntry, ResultSink } from '@assay/protocol'
import { cancelled } from './faults.ts'
import type { OpenedResult } from './read-sealed.ts'

/** A part of a result: a file, a directory, or captured standard output. */
export interface ResultEntry {
  readonly entry: ManifestEntry
  /** To be read before the next entry is asked for; what is left unread is skipped. Empty for a directory. */
  readonly bytes: AsyncIterable<Uint8Array>
}

/** Yields one entry at a time while `read` runs; leaving the iteration stops it. Throws what `read` throws. */
export async function* pullEntries(
  read: (sink: ResultSink, signal: AbortSignal) => Promise<OpenedResult>,
  signal?: AbortSignal,
): AsyncGenerator<ResultEntry, OpenedResult> {
  const stop = new AbortController()
  let handed = Promise.withResolvers<Turn | undefined>()
  const sink: ResultSink = (entry, bytes) => {
    // The reader has left: nobody would ever end this turn.
    if (stop.signal.aborted) return Promise.reject(cancelled(stop.signal))
    const over = Promise.withResolvers<void>()
    handed.resolve({ entry, bytes, end: () => over.resolve() })
    return over.promise
  }
  const whole = read(sink, signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]))
  // Either way there is no further entry; how it ended is told by `whole` below.
  const noMore = (): void => handed.resolve(undefined)
  const settled = whole.then(noMore, noMore)
  let turn: Turn | undefined
  try {
    for (turn = await handed.promise; turn !== undefined; turn = await handed.promise) {
      handed = Promise.withResolvers()
      yield { entry: turn.entry, bytes: turn.bytes }
      turn.end()
    }
    return await whole
  } finally {
    stop.abort()
    turn?.end()
    await settled
  }
}

interface Turn extends ResultEntry {
  readonly end: () => void
}
