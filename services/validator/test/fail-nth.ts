import type { MarketError } from '@assay/protocol'

/** Counts the calls of ports and makes one of them fail. */
export interface FailingPorts {
  /** A port whose asynchronous methods count and may fail. */
  wrap<T extends object>(port: T): T
  /** Calls so far. */
  calls(): number
}

/** The call number `n`, from 1, throws `error` before it does anything. */
export function createFailingPorts(n: number, error: () => MarketError): FailingPorts {
  let calls = 0
  return {
    calls: () => calls,
    wrap: (port) =>
      new Proxy(port, {
        get(target, name, receiver): unknown {
          const value: unknown = Reflect.get(target, name, receiver)
          if (typeof value !== 'function' || typeof name === 'symbol') return value
          return (...args: readonly unknown[]): unknown => {
            calls += 1
            if (calls === n) throw error()
            const result: unknown = Reflect.apply(value, target, args)
            return result
          }
        },
      }),
  }
}
