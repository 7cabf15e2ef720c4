/** Bytes of a result as a person sees them, safe for a terminal. */
import type { Excerpt } from './difference.ts'
import { limits } from './limits.ts'
import type { GateRecord } from './read-records.ts'

/** The bytes of a record from its index `at` on, with what stands around them. No record: the end of the stream. */
export function excerptOf(record: GateRecord | undefined, at: number, end: number): Excerpt {
  if (record === undefined) return { offset: end, hex: '', text: '' }
  const { bytes, offset } = record
  const from = Math.max(0, at - limits.leadBytes)
  const to = Math.min(bytes.length, at + limits.tailBytes)
  const hex = [...bytes.subarray(at, at + limits.hexBytes)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
  return { offset: offset + at, hex, text: printable(bytes.subarray(from, to)) }
}

/** Text on one line: control, format and unassigned characters and what is no UTF-8 become escapes. */
function printable(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes)
  return text.replaceAll(
    /\\|\p{C}|\p{Zl}|\p{Zp}/gu,
    (char) => escapes[char] ?? `\\u{${char.codePointAt(0)?.toString(16)}}`,
  )
}

const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\', '\0': '\\0' }

/** Whether a record can be read as text. A piece of a long line may be cut inside a character. */
export function isText({ bytes, begins, ends }: GateRecord): boolean {
  if (bytes.some((byte) => byte < 32 && !textControls.has(byte))) return false
  const wrong = new TextDecoder().decode(bytes).split('\ufffd').length - 1
  return wrong <= (begins && ends ? 0 : cutCharacters)
}

/** Tab, line feed, form feed, carriage return, escape. */
const textControls: ReadonlySet<number> = new Set([9, 10, 12, 13, 27])
/** Broken characters that two cuts can leave: three bytes at the start, one run at the end. */
const cutCharacters = 6
