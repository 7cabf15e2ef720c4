/**
 * Keccak-256 Merkle trees with sorted pairs, verifiable by OpenZeppelin's `MerkleProof`.
 * A leaf is `keccak256(keccak256(bytes))`, so no inner node can be passed off as a leaf.
 * An odd node at the end of a level is carried up unchanged.
 */
import { encodeWords } from './abi-words.ts'
import { keccakHex } from './keccak.ts'
import { asHash, type Hash32 } from './units.ts'

/** Hash of a leaf's bytes. */
export const merkleLeaf = (bytes: Uint8Array): Hash32 => asHash(keccakHex(encodeWords([keccakHex(bytes)])))

/** Root over leaf hashes, in the given order. Throws `RangeError` for no leaves. */
export function merkleRoot(leaves: readonly Hash32[]): Hash32 {
  if (leaves.length === 0) throw new RangeError('a Merkle tree needs at least one leaf')
  let level = [...leaves]
  while (level.length > 1) level = parents(level)
  return level[0]!
}

/** Sibling path of leaf `index`, from the bottom. Throws `RangeError` when out of range. */
export function merkleProof(leaves: readonly Hash32[], index: number): readonly Hash32[] {
  if (!Number.isInteger(index) || index < 0 || index >= leaves.length) throw new RangeError('no such leaf')
  const path: Hash32[] = []
  let level = [...leaves]
  let at = index
  while (level.length > 1) {
    const sibling = level[at ^ 1]
    if (sibling !== undefined) path.push(sibling)
    level = parents(level)
    at >>= 1
  }
  return path
}

/** Whether `proof` leads from `leaf` to `root`. */
export function verifyMerkleProof(root: Hash32, leaf: Hash32, proof: readonly Hash32[]): boolean {
  return proof.reduce(hashPair, leaf) === root
}

function parents(level: readonly Hash32[]): Hash32[] {
  const up: Hash32[] = []
  for (let i = 0; i < level.length; i += 2) {
    const right = level[i + 1]
    up.push(right === undefined ? level[i]! : hashPair(level[i]!, right))
  }
  return up
}

function hashPair(a: Hash32, b: Hash32): Hash32 {
  const [left, right] = a < b ? [a, b] : [b, a]
  return asHash(keccakHex(encodeWords([left, right])))
}
