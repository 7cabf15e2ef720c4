import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { keccak256 } from 'viem'
import { keccakHex } from './keccak.ts'

describe('keccakHex', () => {
  it('gives the known digests', () => {
    assert.equal(keccakHex(new Uint8Array()), '0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470')
    assert.equal(
      keccakHex(new TextEncoder().encode('abc')),
      '0x4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45',
    )
  })

  it('equals another implementation for every length around its block', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => assert.equal(keccakHex(bytes), keccak256(bytes))),
    )
  })
})
