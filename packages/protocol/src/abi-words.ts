/** ABI encoding of static values, straight into bytes: the general encoder costs more than the hash that follows. */
import type { Hex } from './units.ts'

/** Hex text is bytes32 or a shorter type that is padded on the left, such as an address. */
export type AbiWord = Hex | bigint | number | boolean

/**
 * One word of 32 bytes for each value, as `abi.encode` gives for `bytes32`, `address`, `bool` and unsigned integers.
 * Throws `RangeError` for what fits no word: a negative or unsafe number, an odd or longer text, another digit.
 */
export function encodeWords(values: readonly AbiWord[]): Uint8Array {
  const out = new Uint8Array(values.length * wordBytes)
  for (const [i, value] of values.entries()) writeWord(out, (i + 1) * wordBytes, value)
  return out
}

const wordBytes = 32

function writeWord(out: Uint8Array, end: number, value: AbiWord): void {
  if (typeof value === 'string') writeHex(out, end, value)
  else if (typeof value === 'bigint') writeHex(out, end, `0x${padEven(value.toString(16))}`)
  else writeNumber(out, end, Number(value))
}

function writeNumber(out: Uint8Array, end: number, value: number): void {
  if (!(Number.isSafeInteger(value) && value >= 0)) throw new RangeError('not a word')
  for (let rest = value, at = end - 1; rest > 0; rest = Math.floor(rest / 256), at--) out[at] = rest % 256
}

const padEven = (digits: string): string => (digits.length % 2 === 0 ? digits : `0${digits}`)

/** Writes the bytes of `hex` so that they end at `end`. */
function writeHex(out: Uint8Array, end: number, hex: Hex): void {
  const length = (hex.length - 2) / 2
  if (!Number.isInteger(length) || length > wordBytes) throw new RangeError('not a word')
  let at = end - length
  for (let i = 2; i < hex.length; i += 2) {
    const high = nibbles[hex.charCodeAt(i)] ?? -1
    const low = nibbles[hex.charCodeAt(i + 1)] ?? -1
    if (high < 0 || low < 0) throw new RangeError('not a word')
    out[at++] = high * 16 + low
  }
}

/** Value of a hex digit by its character code; -1 for every other character below 128. */
const nibbles = Int8Array.from({ length: 128 }, (_, code) => '0123456789abcdef'.indexOf(String.fromCharCode(code)))
