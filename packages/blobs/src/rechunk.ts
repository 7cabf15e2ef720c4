/** Pieces of exactly `size` bytes, the last one shorter; each in memory of its own. Holds at most one. */
export async function* rechunk(
  source: AsyncIterable<Uint8Array>,
  size: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  let piece = new Uint8Array(size)
  let filled = 0
  for await (const bytes of source) {
    for (let offset = 0; offset < bytes.length;) {
      const part = bytes.subarray(offset, offset + size - filled)
      piece.set(part, filled)
      filled += part.length
      offset += part.length
      if (filled < size) continue
      yield piece
      piece = new Uint8Array(size)
      filled = 0
    }
  }
  if (filled > 0) yield piece.subarray(0, filled)
}
