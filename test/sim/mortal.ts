/** One run of a process, from start to crash. */
export interface Life {
  /** True once it has crashed: nothing it still does has any effect. */
  readonly over: boolean
  end(): void
  /** Crashes at the n-th guarded call from now on that `counts`, before the call has any effect. */
  endAtCall(n: number, counts?: (name: string) => boolean): void
  /** Notes a guarded call; throws when the life is over. */
  call(name: string): void
}

/** `onEnd` is called once, soon after the crash. */
export function createLife(onEnd: () => void): Life {
  let over = false
  let left = Number.POSITIVE_INFINITY
  let counted = (_name: string): boolean => true
  const end = (): void => {
    if (!over) queueMicrotask(onEnd)
    over = true
  }
  return {
    get over() {
      return over
    },
    end,
    endAtCall(n, counts = () => true) {
      left = n
      counted = counts
    },
    call(name) {
      if (over) throw crashed()
      if (!counted(name)) return
      left -= 1
      if (left > 0) return
      end()
      throw crashed()
    },
  }
}

/**
 * A port as one run of a process sees it: after the crash every call fails, and an answer that arrives after the crash
 * never reaches the caller, although its effect stands.
 */
export function guard<T extends object>(port: T, life: Life): T {
  return new Proxy(port, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name)
      if (typeof value === 'object' && value !== null) return guard(value, life)
      if (typeof value !== 'function' || typeof name === 'symbol') return value
      return (...args: unknown[]): unknown => {
        life.call(name)
        const result: unknown = Reflect.apply(value, target, args)
        return result instanceof Promise ? outlived(result, life) : result
      }
    },
  })
}

async function outlived(result: Promise<unknown>, life: Life): Promise<unknown> {
  const value = await result
  if (life.over) throw crashed()
  return value
}

const crashed = (): Error => new Error('the process has crashed')
