import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { encodeAbiParameters, hexToBytes, parseAbiParameters } from 'viem'
import { encodeWords } from './abi-words.ts'

const hexOf = (bytes: number): fc.Arbitrary<`0x${string}`> =>
  fc
    .uint8Array({ minLength: bytes, maxLength: bytes })
    .map((array) => `0x${Buffer.from(array).toString('hex')}` as const)

describe('encodeWords', () => {
  it('gives what abi.encode gives for static types', () => {
    const types = parseAbiParameters('bytes32, address, uint256, uint32, bool')
    fc.assert(
      fc.property(
        hexOf(32),
        hexOf(20),
        fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
        fc.nat({ max: 2 ** 32 - 1 }),
        fc.boolean(),
        (...values) => assert.deepEqual(encodeWords(values), hexToBytes(encodeAbiParameters(types, values))),
      ),
    )
  })

  it('gives no bytes for no values', () => assert.equal(encodeWords([]).length, 0))

  const misfits: readonly (readonly [string, Parameters<typeof encodeWords>[0][number]])[] = [
    ['a negative number', -1],
    ['a fraction', 0.5],
    ['an unsafe number', 2 ** 53],
    ['a negative bigint', -1n],
    ['a bigint of 33 bytes', 2n ** 256n],
    ['33 bytes', `0x${'00'.repeat(33)}`],
    ['half a byte', '0x1'],
    ['another first digit', '0xg1'],
    ['another second digit', '0x1g'],
    ['a capital digit', '0xA1'],
    ['a character beyond ASCII', '0x1é'],
  ]
  for (const [what, value] of misfits)
    it(`refuses ${what}`, () => assert.throws(() => encodeWords([value]), RangeError))
})
