import { raceAbort } from './race-abort.ts'

/** The source's items until it ends or the signal aborts, which rejects with its reason and lets the source go. */
export async function* abortable<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T, void, undefined> {
  const iterator = source[Symbol.asyncIterator]()
  let ended = false
  try {
    for (;;) {
      const next = await raceAbort(iterator.next(), signal)
      if (next.done === true) break
      yield next.value
    }
    ended = true
  } finally {
    // Not awaited: a source that hangs is the reason for the abort.
    if (!ended) iterator.return?.().catch(() => undefined)
  }
}
