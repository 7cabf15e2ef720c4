import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { keccakText, hexToBytes, concatBytes } from './canonical.ts'
import { keccakHex } from './keccak.ts'
import { merkleLeaf, merkleProof, merkleRoot, verifyMerkleProof } from './merkle.ts'
import { asHash, type Hash32 } from './units.ts'

const leaf = (text: string): Hash32 => merkleLeaf(new TextEncoder().encode(text))
const leaves = fc.array(fc.string(), { minLength: 1, maxLength: 40 }).map((texts) => texts.map(leaf))
const pair = (a: Hash32, b: Hash32): Hash32 =>
  asHash(keccakHex(concatBytes(...(a < b ? [a, b] : [b, a]).map(hexToBytes))))

describe('Merkle trees', () => {
  it('hash leaves twice and pairs once, sorted, and carry an odd node up', () => {
    const [a, b, c] = [leaf('a'), leaf('b'), leaf('c')]
    assert.equal(a, keccakHex(hexToBytes(keccakText('a'))))
    assert.equal(merkleRoot([a]), a)
    assert.equal(merkleRoot([a, b]), pair(a, b))
    assert.equal(merkleRoot([b, a]), pair(a, b))
    assert.equal(merkleRoot([a, b, c]), pair(pair(a, b), c))
  })

  it('prove every leaf', () => {
    fc.assert(
      fc.property(leaves, (list) => {
        const root = merkleRoot(list)
        list.forEach((one, i) => assert.ok(verifyMerkleProof(root, one, merkleProof(list, i))))
      }),
    )
  })

  it('prove nothing else: no other leaf, no changed, shortened or lengthened proof', () => {
    fc.assert(
      fc.property(leaves, fc.nat(), fc.string(), (list, n, text) => {
        const root = merkleRoot(list)
        const index = n % list.length
        const proof = merkleProof(list, index)
        const other = leaf(`${text} other`)
        fc.pre(!list.includes(other))
        assert.ok(!verifyMerkleProof(root, other, proof))
        assert.ok(!verifyMerkleProof(root, list[index]!, [...proof, other]))
        if (proof.length > 0) {
          assert.ok(!verifyMerkleProof(root, list[index]!, proof.slice(1)))
          assert.ok(!verifyMerkleProof(root, list[index]!, proof.with(0, other)))
        }
      }),
    )
  })

  it('do not pass an inner node off as a leaf', () => {
    const [a, b] = [leaf('a'), leaf('b')]
    const inner = concatBytes(hexToBytes(a), hexToBytes(b))
    assert.notEqual(merkleLeaf(inner), merkleRoot([a, b]))
  })

  it('need a leaf, and a leaf that exists', () => {
    assert.throws(() => merkleRoot([]), RangeError)
    for (const index of [-1, 1, 0.5]) assert.throws(() => merkleProof([leaf('a')], index), RangeError)
  })
})
