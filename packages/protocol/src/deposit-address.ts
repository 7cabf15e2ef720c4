/** Deposit addresses: where an ordinary transfer pays for an order. Everybody can compute one, so nobody has to be believed. */
import { concatBytes, hexToBytes } from './canonical.ts'
import { keccakHex } from './keccak.ts'
import type { MarketDomain } from './typed-data.ts'
import { asAddress, type Address, type Hex, type OrderId } from './units.ts'

/**
 * The address that belongs to an order of a market, whether anything is there yet or not: CREATE2 of a minimal clone (ERC-1167)
 * by the escrow, with the order id as salt. The clone's implementation is the first contract that the escrow creates.
 */
export function deriveDepositAddress({ escrow }: Pick<MarketDomain, 'escrow'>, orderId: OrderId): Address {
  const creator = hexToBytes(escrow)
  // CREATE with nonce 1: keccak256(rlp([creator, 1])).
  const implementation = lastTwenty(concatBytes(hexToBytes('0xd694'), creator, hexToBytes('0x01')))
  const initCode = concatBytes(
    hexToBytes('0x3d602d80600a3d3981f3363d3d373d3d3d363d73'),
    hexToBytes(implementation),
    hexToBytes('0x5af43d82803e903d91602b57fd5bf3'),
  )
  return asAddress(
    lastTwenty(concatBytes(hexToBytes('0xff'), creator, hexToBytes(orderId), hexToBytes(keccakHex(initCode)))),
  )
}

const lastTwenty = (bytes: Uint8Array): Hex => `0x${keccakHex(bytes).slice(-40)}`
