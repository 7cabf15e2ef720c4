/** Keccak-256. A settlement of a thousand shards takes ten thousand hashes, so they come from WebAssembly. */
import { createKeccak } from 'hash-wasm'
import * as Hash from 'ox/Hash'
import type { Hex } from './units.ts'

/** Where a page's policy forbids WebAssembly, JavaScript gives the same bytes ten times slower. */
const hasher = await createKeccak(256).catch(() => undefined)

/** Keccak-256 of bytes, as 0x hex. */
export function keccakHex(bytes: Uint8Array): Hex {
  if (hasher === undefined) return Hash.keccak256(bytes, { as: 'Hex' })
  return `0x${hasher.init().update(bytes).digest('hex')}`
}
