/** A signal that follows others and also aborts after a while. Dispose it when done. */
export interface TimeLimit extends Disposable {
  readonly signal: AbortSignal
}

/** Unlike `AbortSignal.timeout` it leaves no timer behind, which counts for limits of hours on thousands of streams. */
export function limitTime(ms: number, ...signals: readonly AbortSignal[]): TimeLimit {
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(new DOMException(`not done within ${ms} ms`, 'TimeoutError')), ms)
  timer.unref()
  return { signal: AbortSignal.any([...signals, late.signal]), [Symbol.dispose]: () => clearTimeout(timer) }
}
