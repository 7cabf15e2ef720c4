/** A stream cut into lines, and long lines into pieces, so that two streams can be compared side by side. */
import { limits } from './limits.ts'

export interface GateRecord {
  /** A line with its newline, or a piece of a long one. */
  readonly bytes: Uint8Array
  /** Where it begins in the stream. */
  readonly offset: number
  /** The line ends here, or the stream does. */
  readonly ends: boolean
  /** The line begins here. */
  readonly begins: boolean
}

/** However the stream is chunked, its records are the same. Yields those that a chunk completes; holds one chunk. */
export async function* readRecords(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<readonly GateRecord[], void> {
  let offset = 0
  let begins = true
  let rest: Uint8Array = new Uint8Array(0)
  const take = (bytes: Uint8Array, ends: boolean): GateRecord => {
    const record = { bytes, offset, ends, begins }
    offset += bytes.length
    begins = ends
    return record
  }
  for await (const chunk of chunks) {
    const records: GateRecord[] = []
    let from = 0
    while (from < chunk.length) {
      const room = limits.recordBytes - rest.length
      const newline = chunk.subarray(from, from + room).indexOf(10)
      const size = newline >= 0 ? newline + 1 : Math.min(room, chunk.length - from)
      const bytes = join(rest, chunk.subarray(from, from + size))
      from += size
      if (newline >= 0 || bytes.length === limits.recordBytes) {
        rest = new Uint8Array(0)
        records.push(take(bytes, newline >= 0))
      } else rest = bytes
    }
    yield records
  }
  if (rest.length > 0) yield [take(rest, true)]
}

function join(head: Uint8Array, tail: Uint8Array): Uint8Array {
  if (head.length === 0) return tail
  const whole = new Uint8Array(head.length + tail.length)
  whole.set(head)
  whole.set(tail, head.length)
  return whole
}
