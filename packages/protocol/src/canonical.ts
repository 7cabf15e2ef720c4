/** The one encoder of signed and hashed JSON: RFC 8785 (JCS). */
import canonicalize from 'canonicalize'
import * as Hash from 'ox/Hash'
import * as HexOf from 'ox/Hex'
import { keccakHex } from './keccak.ts'
import type { Hex } from './units.ts'

/** JSON values the encoder accepts. Bigints travel as decimal strings, so none is here. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined }

/** Canonical JSON text. Equal values give equal text on every machine. */
export function encodeCanonical(value: Json): string {
  const text = canonicalize(value)
  if (text === undefined) throw new TypeError('a canonical value cannot be undefined')
  return text
}

/** UTF-8 bytes of the canonical text. */
export const encodeCanonicalBytes = (value: Json): Uint8Array => new TextEncoder().encode(encodeCanonical(value))

/** SHA-256 of bytes, as 0x hex. */
export const sha256Hex = (bytes: Uint8Array): Hex => Hash.sha256(bytes, { as: 'Hex' })

/** Keccak-256 of UTF-8 text, as 0x hex. */
export const keccakText = (text: string): Hex => keccakHex(new TextEncoder().encode(text))

/** Bytes of a 0x hex string. */
export const hexToBytes = (hex: Hex): Uint8Array => HexOf.toBytes(hex)

/** 0x hex of bytes. */
export const bytesToHex = (bytes: Uint8Array): Hex => HexOf.fromBytes(bytes)

/** Joins byte strings. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((size, part) => size + part.length, 0))
  let offset = 0
  for (const part of parts) {
    out.set(part, offset)
    offset += part.length
  }
  return out
}
