/** Bech32 (BIP 173) without its length limit, which age keys exceed. Encoding only: age reads keys itself. */

/** Text form of bytes under a lowercase prefix. */
export function encodeBech32(prefix: string, bytes: Uint8Array): string {
  const words = toWords(bytes)
  const checked = [...expand(prefix), ...words]
  const checksum = polymod([...checked, 0, 0, 0, 0, 0, 0]) ^ 1
  const tail = [25, 20, 15, 10, 5, 0].map((shift) => (checksum >>> shift) & 31)
  return `${prefix}1${[...words, ...tail].map((word) => alphabet[word]).join('')}`
}

const alphabet = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'
const generator = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3]

/** Regroups bits from eights to fives, the last group filled with zeros. */
function toWords(bytes: Uint8Array): number[] {
  const words: number[] = []
  let bits = 0
  let held = 0
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff
    for (bits += 8; bits >= 5; bits -= 5) words.push((held >>> (bits - 5)) & 31)
  }
  if (bits > 0) words.push((held << (5 - bits)) & 31)
  return words
}

function expand(prefix: string): number[] {
  const codes = Array.from(new TextEncoder().encode(prefix))
  return [...codes.map((code) => code >>> 5), 0, ...codes.map((code) => code & 31)]
}

function polymod(values: readonly number[]): number {
  let sum = 1
  for (const value of values) {
    const top = sum >>> 25
    sum = ((sum & 0x1ffffff) << 5) ^ value
    generator.forEach((constant, bit) => {
      if ((top >>> bit) & 1) sum ^= constant
    })
  }
  return sum
}
