/** The packed records of a batch, taken apart by their documented layout. */
import type { Hex } from 'viem'

import { revert } from './revert.ts'

/** Bytes of each kind of record. */
export const RECORD_BYTES = { order: 40, tab: 103, payout: 12, signature: 65 } as const

export interface Charge {
  readonly orderId: Hex
  readonly amount: bigint
}

export interface Draw {
  readonly client: Hex
  readonly ceiling: bigint
  readonly spentAfter: bigint
  readonly feeBps: number
  readonly signature: Hex
}

export interface Payout {
  readonly index: number
  readonly amount: bigint
}

/** `bytes32 orderId, uint64 charged`. */
export const unpackOrders = (packed: Hex): readonly Charge[] =>
  records(packed, RECORD_BYTES.order).map((field) => ({ orderId: field.hex(0, 32), amount: field.number(32, 8) }))

/** `address client, uint64 ceiling, uint64 spentAfter, uint16 feeBps, bytes32 r, bytes32 s, uint8 v`. */
export const unpackTabs = (packed: Hex): readonly Draw[] =>
  records(packed, RECORD_BYTES.tab).map((field) => ({
    client: field.hex(0, 20),
    ceiling: field.number(20, 8),
    spentAfter: field.number(28, 8),
    feeBps: Number(field.number(36, 2)),
    signature: field.hex(38, 65),
  }))

/** `uint32 operator index, uint64 amount`. */
export const unpackPayouts = (packed: Hex): readonly Payout[] =>
  records(packed, RECORD_BYTES.payout).map((field) => ({
    index: Number(field.number(0, 4)),
    amount: field.number(4, 8),
  }))

/** 65 bytes each. */
export function unpackSignatures(packed: Hex): readonly Hex[] {
  const size = sizeOf(packed)
  if (size % RECORD_BYTES.signature !== 0) throw revert('quorums', 'BadSignaturesLength', size)
  return chunks(packed, RECORD_BYTES.signature)
}

export const sizeOf = (bytes: Hex): number => (bytes.length - 2) / 2

interface Fields {
  hex(offset: number, size: number): Hex
  number(offset: number, size: number): bigint
}

function records(packed: Hex, recordBytes: number): readonly Fields[] {
  const size = sizeOf(packed)
  if (size % recordBytes !== 0) throw revert('escrow', 'BadLength', size, recordBytes)
  return chunks(packed, recordBytes).map((record) => {
    const hex = (offset: number, bytes: number): Hex => `0x${record.slice(2 + 2 * offset, 2 + 2 * (offset + bytes))}`
    return { hex, number: (offset, bytes) => BigInt(hex(offset, bytes)) }
  })
}

function chunks(packed: Hex, bytes: number): readonly Hex[] {
  const count = sizeOf(packed) / bytes
  return Array.from({ length: count }, (_, i): Hex => `0x${packed.slice(2 + 2 * bytes * i, 2 + 2 * bytes * (i + 1))}`)
}
