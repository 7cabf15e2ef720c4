/** Remembers answers of a pure function that is dear to ask: the same signature is checked at every step of a job. */
export interface Memo<T> {
  /** The answer for a key, made when it is not remembered. Equal keys must mean equal answers. */
  get(key: string, make: () => T): T
}

/** Holds at most `capacity` answers; the oldest goes first. */
export function createMemo<T>(capacity: number): Memo<T> {
  const known = new Map<string, { readonly answer: T }>()
  return {
    get(key, make) {
      const held = known.get(key)
      if (held !== undefined) return held.answer
      const answer = make()
      for (const oldest of known.size >= capacity ? known.keys() : []) {
        known.delete(oldest)
        break
      }
      known.set(key, { answer })
      return answer
    },
  }
}
