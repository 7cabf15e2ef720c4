/** Why two stretches of binary data differ. */
import type { ConditionPair, DifferenceCause, LineFinding } from './difference.ts'
import { explainLines } from './explain-lines.ts'
import { firstDifference } from './first-difference.ts'
import { limits } from './limits.ts'
import type { GateRecord } from './read-records.ts'

/** `head`: the first bytes of the stream, by which archives are known. */
export function explainBytes(a: GateRecord, b: GateRecord, pair: ConditionPair, head: Uint8Array): LineFinding {
  const at = firstDifference(a.bytes, b.bytes)
  const where = { first: at, second: at }
  // RFC 1952: bytes 4 to 7 of a gzip file are the time of its input.
  if (startsWith(head, [0x1f, 0x8b]) && a.offset + at < 8) return { cause: 'time', ...where }
  if (archiveMagics.some((magic) => startsWith(head, magic))) return { cause: 'archive', ...where }
  const told = explainText(textAround(a.bytes, at), textAround(b.bytes, at), pair)
  if (told !== 'unknown') return { cause: told, ...where }
  return { cause: isNoise(a.bytes, b.bytes, at) ? 'randomness' : 'unknown', ...where }
}

/** Text within binary data: a date of compilation, a path. */
function explainText(a: string, b: string, pair: ConditionPair): DifferenceCause {
  if (Math.min(a.length, b.length) < textCharacters || a === b) return 'unknown'
  return explainLines(a, b, pair)[0]?.cause ?? 'unknown'
}

/** The printable characters without a gap around a byte. */
function textAround(bytes: Uint8Array, at: number): string {
  const isText = (byte: number | undefined): boolean => byte !== undefined && byte >= 32 && byte < 127
  let from = at
  while (isText(bytes[from - 1])) from -= 1
  let to = at
  while (isText(bytes[to])) to += 1
  return String.fromCharCode(...bytes.subarray(from, to))
}

/** Fewer printable characters in a row are chance. */
const textCharacters = 5

/** gzip, zip, bzip2, xz, zstd, 7z: all of them turn one differing byte into many. */
const archiveMagics = [
  [0x1f, 0x8b],
  [0x50, 0x4b, 3, 4],
  [0x42, 0x5a, 0x68],
  [0xfd, 0x37, 0x7a, 0x58, 0x5a],
  [0x28, 0xb5, 0x2f, 0xfd],
  [0x37, 0x7a, 0xbc, 0xaf],
]

const startsWith = (bytes: Uint8Array, magic: readonly number[]): boolean =>
  magic.every((byte, index) => bytes[index] === byte)

/** Independent random bytes differ in half of their bits; counters, flags and text in far fewer. */
function isNoise(a: Uint8Array, b: Uint8Array, from: number): boolean {
  const end = Math.min(a.length, b.length, from + limits.binaryBytes)
  let bits = 0
  let bitsToLast = 0
  let last = from
  for (let i = from; i < end; i++) {
    for (let rest = (a[i] ?? 0) ^ (b[i] ?? 0); rest > 0; rest &= rest - 1) bits += 1
    if (a[i] !== b[i]) {
      last = i
      bitsToLast = bits
    }
  }
  const length = last - from + 1
  return length >= noiseBytes && bitsToLast >= length * noiseBits
}

/** Fewer bytes can differ like this by chance. */
const noiseBytes = 4
/** Of 8 bits; the mean of random bytes is 4. */
const noiseBits = 2.6
