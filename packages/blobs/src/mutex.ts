/** Runs tasks one after the other, in the order of call. A failed task does not hold up the next. */
export type Mutex = <T>(task: () => Promise<T>) => Promise<T>

export function createMutex(): Mutex {
  let last: Promise<unknown> = Promise.resolve()
  return async (task) => {
    const before = last
    const { promise: done, resolve } = Promise.withResolvers<undefined>()
    last = done
    await before
    try {
      return await task()
    } finally {
      resolve(undefined)
    }
  }
}
