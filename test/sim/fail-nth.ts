/** Makes the n-th call of a port fail, counted from `arm`. */
import { MarketError, type ErrorCode } from '@assay/protocol'

export interface FailNth {
  wrap<T extends object>(port: T): T
  /** The n-th call from now on fails; with `late` only after its effect, so that just the answer is lost. */
  arm(n: number, late: boolean): void
  /** Whether it has failed since. */
  readonly fired: boolean
}

/** `streams`: calls on what the port opens count too. */
export function createFailNth(code: ErrorCode): FailNth {
  let left = 0
  let late = false
  let fired = false
  const hits = (): boolean => {
    if (left === 0) return false
    left -= 1
    if (left > 0) return false
    fired = true
    return true
  }
  const fault = (name: string): MarketError => new MarketError(code, `the test fails this call: ${name}`)
  const wrap = <T extends object>(port: T): T =>
    new Proxy(port, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name)
        if (typeof value !== 'function' || typeof name === 'symbol' || plain.has(name)) return value
        if (name === 'find' || name === 'read')
          return async function* (...args: unknown[]): AsyncGenerator<unknown> {
            if (hits()) throw fault(name)
            yield* Reflect.apply(value, target, args) as AsyncIterable<unknown>
          }
        return async (...args: unknown[]): Promise<unknown> => {
          const hit = hits()
          if (hit && !late) throw fault(name)
          const result: unknown = await Reflect.apply(value, target, args)
          if (hit) throw fault(name)
          return name === 'open' ? wrap(result as object) : result
        }
      },
    })
  return {
    wrap,
    arm(n, isLate) {
      left = n
      late = isLate
      fired = false
    },
    get fired() {
      return fired
    },
  }
}

/** Calls that answer at once and cannot fail. */
const plain: ReadonlySet<string> = new Set(['addresses', 'connected', 'abort', 'handle'])
