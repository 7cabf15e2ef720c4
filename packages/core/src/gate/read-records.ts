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
  let rest = nothing
  const take = (bytes: Uint8Array, ends: boolean): GateRecord => {
    const record = { bytes, offset, ends, begins }
    offset += bytes.length
    begins = ends
    return record
  }
  for await (const chunk of chunks) {
    const records: GateRecord[] = []
    let from = 0
    let newline = -1
    while (from < chunk.length) {
      // Each newline is looked for once, however many pieces lie before it.
      if (newline < from) newline = indexOrEnd(chunk, from)
      const to = Math.min(newline + 1, from + limits.recordBytes - rest.length, chunk.length)
      const bytes = join(rest, chunk.subarray(from, to))
      const ends = to === newline + 1
      from = to
      if (ends || bytes.length === limits.recordBytes) {
        rest = nothing
        records.push(take(bytes, ends))
      } else rest = bytes
    }
    yield records
  }
  if (rest.length > 0) yield [take(rest, true)]
}

const nothing: Uint8Array = new Uint8Array(0)

/** Index of the next newline, or one that no chunk has. */
function indexOrEnd(chunk: Uint8Array, from: number): number {
  const found = chunk.indexOf(10, from)
  return found < 0 ? chunk.length : found
}

function join(head: Uint8Array, tail: Uint8Array): Uint8Array {
  if (head.length === 0) return tail
  const whole = new Uint8Array(head.length + tail.length)
  whole.set(head)
  whole.set(tail, head.length)
  return whole
}
