/** Runs a task for every item of a source, at most `width` at a time. The first failure stops the rest and is thrown. */
export async function runBounded<T>(
  items: Iterable<T> | AsyncIterable<T>,
  width: number,
  signal: AbortSignal,
  run: (item: T, index: number, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failed = new AbortController()
  const either = AbortSignal.any([signal, failed.signal])
  const running = new Set<Promise<void>>()
  let failure: { readonly error: unknown } | undefined
  const start = (item: T, index: number): void => {
    const task = run(item, index, either)
      .catch((error: unknown) => {
        failure ??= { error }
        failed.abort(error)
      })
      .finally(() => running.delete(task))
    running.add(task)
  }
  let index = 0
  try {
    for await (const item of items) {
      if (failure !== undefined) break
      start(item, index++)
      if (running.size >= width) await Promise.race(running)
    }
  } finally {
    await Promise.all(running)
  }
  if (failure !== undefined) throw failure.error
}
