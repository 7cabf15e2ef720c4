/** Bytes in order of arrival, kept in the pieces in which they came. */
export interface ByteQueue {
  readonly length: number
  push(bytes: Uint8Array): void
  /** Removes the first byte. Throws `RangeError` when empty. */
  takeByte(): number
  /** Removes the first `size` bytes, as a copy. Throws `RangeError` when there are fewer. */
  take(size: number): Uint8Array
}

export function createByteQueue(): ByteQueue {
  const pieces: Uint8Array[] = []
  let offset = 0
  let length = 0

  const skip = (piece: Uint8Array, count: number): void => {
    offset += count
    length -= count
    if (offset < piece.length) return
    pieces.shift()
    offset = 0
  }
  const first = (): Uint8Array => {
    const piece = pieces[0]
    if (piece === undefined) throw new RangeError('fewer bytes than asked for')
    return piece
  }
  return {
    get length() {
      return length
    },
    push(bytes) {
      if (bytes.length === 0) return
      pieces.push(bytes)
      length += bytes.length
    },
    takeByte() {
      const piece = first()
      const byte = piece[offset] ?? 0
      skip(piece, 1)
      return byte
    },
    take(size) {
      const out = allocateUnfilled(size)
      for (let filled = 0; filled < size;) {
        const piece = first()
        const part = piece.subarray(offset, offset + size - filled)
        out.set(part, filled)
        filled += part.length
        skip(piece, part.length)
      }
      return out
    },
  }
}

/** Memory that the caller fills to the last byte: clearing it first would cost as much as filling it. */
export const allocateUnfilled = (size: number): Uint8Array => new Uint8Array(Buffer.allocUnsafeSlow(size).buffer)
