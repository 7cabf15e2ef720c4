/** Reads a stream of chunks by length or up to a mark, holding no more than one chunk and one mark. */

export interface ByteReader {
  /** Pieces up to `mark`, which is consumed. The last value tells whether the mark was there before the end. */
  until(mark: Buffer): AsyncGenerator<Buffer, boolean, undefined>
  /** Text up to a newline, which is consumed; `undefined` when the stream or `maxBytes` ends first. */
  line(maxBytes: number): Promise<string | undefined>
  /** Exactly `size` bytes, or `undefined` when the stream ends first. For small sizes. */
  exactly(size: number): Promise<Buffer | undefined>
  /** Up to `size` bytes in pieces; fewer only at the end of the stream. */
  take(size: number): AsyncGenerator<Buffer, void, undefined>
}

/** Takes over `source`; the caller closes it. */
export function createByteReader(source: AsyncIterator<Buffer>): ByteReader {
  let held: Buffer = Buffer.alloc(0)
  let ended = false

  /** Replaces or extends what is held; false at the end. */
  const more = async (keep: boolean): Promise<boolean> => {
    if (ended) return false
    const next = await source.next()
    if (next.done === true) {
      ended = true
      return false
    }
    held = keep && held.length > 0 ? Buffer.concat([held, next.value]) : next.value
    return true
  }
  const cut = (size: number): Buffer => {
    const piece = held.subarray(0, size)
    held = held.subarray(size)
    return piece
  }

  const exactly = async (size: number): Promise<Buffer | undefined> => {
    while (held.length < size) if (!(await more(true))) return undefined
    return cut(size)
  }

  return {
    exactly,
    async *until(mark) {
      for (;;) {
        const at = held.indexOf(mark)
        if (at >= 0) {
          if (at > 0) yield cut(at)
          cut(mark.length)
          return true
        }
        // The mark may have begun in the last bytes held.
        const safe = held.length - mark.length + 1
        if (safe > 0) yield cut(safe)
        if (!(await more(true))) {
          if (held.length > 0) yield cut(held.length)
          return false
        }
      }
    },
    async line(maxBytes) {
      for (;;) {
        const at = held.indexOf(10)
        if (at > maxBytes || (at < 0 && held.length > maxBytes)) return undefined
        if (at >= 0) {
          const text = cut(at).toString('latin1')
          cut(1)
          return text
        }
        if (!(await more(true))) return undefined
      }
    },
    async *take(size) {
      for (let left = size; left > 0;) {
        if (held.length === 0 && !(await more(false))) return
        const piece = cut(left)
        left -= piece.length
        if (piece.length > 0) yield piece
      }
    },
  }
}
