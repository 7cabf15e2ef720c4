import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { concatHex, getContractAddress, keccak256 } from 'viem'
import { deriveDepositAddress } from './deposit-address.ts'
import { asAddress, asHash, type OrderId } from './units.ts'

const hex = (bytes: number): fc.Arbitrary<`0x${string}`> =>
  fc
    .uint8Array({ minLength: bytes, maxLength: bytes })
    .map((data): `0x${string}` => `0x${Buffer.from(data).toString('hex')}`)

describe('a deposit address', () => {
  it('is the CREATE2 address of the escrow for a clone of its first contract', () => {
    fc.assert(
      fc.property(hex(20), hex(32), (escrow, orderId) => {
        const implementation = getContractAddress({ from: escrow, nonce: 1n })
        const initCode = concatHex([
          '0x3d602d80600a3d3981f3363d3d373d3d3d363d73',
          implementation,
          '0x5af43d82803e903d91602b57fd5bf3',
        ])
        const expected = getContractAddress({
          opcode: 'CREATE2',
          from: escrow,
          salt: orderId,
          bytecodeHash: keccak256(initCode),
        })
        const derived = deriveDepositAddress({ escrow: asAddress(escrow) }, asHash<OrderId>(orderId))
        assert.equal(derived, expected.toLowerCase())
      }),
    )
  })
})
