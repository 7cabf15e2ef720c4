import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { arbitraryOf } from '../test/arbitrary-of.ts'
import { createSigner, named } from '../test/actor.ts'
import { createEnvelope, deriveEnvelopeDigest } from './envelope.ts'
import { deriveEpochRoot, deriveLeafHash, deriveProposalDigest, EpochLeaf, sortLeaves } from './epoch.ts'
import { ppm } from './units.ts'

const leaf = arbitraryOf(EpochLeaf).map((wire) => EpochLeaf.parse(wire))
const leaves = fc.uniqueArray(leaf, { selector: ({ commit }) => commit.commitment, minLength: 1, maxLength: 8 })

describe('epoch roots', () => {
  it('do not depend on the order of the leaves', () => {
    fc.assert(
      fc.property(leaves, (list) => {
        assert.equal(deriveEpochRoot(list.toReversed()), deriveEpochRoot(list))
        const commitments = sortLeaves(list).map(({ commit }) => commit.commitment)
        assert.deepEqual(commitments, commitments.toSorted())
      }),
      { numRuns: 30 },
    )
  })

  it('cover every field of a commit and its rate, but not the signature', () => {
    const one = EpochLeaf.parse({
      ratePpm: 10_000,
      commit: {
        orderId: named('order'),
        shard: 1,
        attempt: 1,
        provider: createSigner('provider').address,
        commitment: named('commitment'),
        sealedHash: named('sealed'),
        signature: `0x${'11'.repeat(65)}`,
      },
    })
    const { commit } = one
    const changed = [
      one,
      { ...one, ratePpm: ppm(10_001) },
      { ...one, commit: { ...commit, orderId: named<typeof commit.orderId>('x') } },
      { ...one, commit: { ...commit, shard: 2 } },
      { ...one, commit: { ...commit, attempt: 2 } },
      { ...one, commit: { ...commit, provider: createSigner('x').address } },
      { ...one, commit: { ...commit, commitment: named<typeof commit.commitment>('x') } },
      { ...one, commit: { ...commit, sealedHash: named<typeof commit.sealedHash>('x') } },
    ]
    assert.equal(new Set(changed.map(deriveLeafHash)).size, changed.length)
    const resigned = { ...one, commit: { ...commit, signature: named<typeof commit.signature>('x') } }
    assert.equal(deriveLeafHash(resigned), deriveLeafHash(one))
  })
})

it('an acknowledgement names the digest that the aggregator signed', async () => {
  const proposal = await createEnvelope('epoch/1', { any: 'body' }, createSigner('aggregator'))
  assert.equal(deriveProposalDigest(proposal), deriveEnvelopeDigest('epoch/1', proposal.payload))
})
