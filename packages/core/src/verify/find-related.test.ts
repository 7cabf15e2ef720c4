import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { deriveRandomness } from '@assay/protocol'
import { buildEpoch, createEvidenceCast, createTestActor } from '@assay/testkit'
import { auditSeats } from './audit-seats.ts'
import { findRelated, type KnownParty } from './find-related.ts'

const party = (name: string, payout = name): KnownParty => ({
  address: createTestActor(name).address,
  payout: createTestActor(payout).address,
})
const pair = (validator: string, other: string) => ({
  validator: createTestActor(validator).address,
  party: createTestActor(other).address,
})
const sorted = (pairs: readonly ReturnType<typeof pair>[]) =>
  pairs.toSorted((a, b) => (`${a.validator}/${a.party}` < `${b.validator}/${b.party}` ? -1 : 1))

describe('findRelated', () => {
  it('finds a shared purse, whichever of the two it belongs to', () => {
    const members = [party('v1', 'purse'), party('v2'), party('v3', 'p3')]
    const parties = [party('p1', 'purse'), party('p2', 'v2'), party('p3'), party('p4')]
    assert.deepEqual(findRelated(members, parties), sorted([pair('v1', 'p1'), pair('v2', 'p2'), pair('v3', 'p3')]))
  })

  it('depends on no order, lists nothing twice and nobody with itself', () => {
    const members = [party('v1', 'purse'), party('v2', 'purse')]
    const parties = [party('p1', 'purse'), party('v1', 'purse'), party('p1', 'purse')]
    const expected = sorted([pair('v1', 'p1'), pair('v2', 'p1'), pair('v2', 'v1')])
    assert.deepEqual(findRelated(members, parties), expected)
    assert.deepEqual(findRelated(members.toReversed(), parties.toReversed()), expected)
  })

  it('keeps who is related to provider, client or aggregator from sitting, and nobody else', async () => {
    const cast = createEvidenceCast()
    const { proposal, seeded, commits } = await buildEpoch(cast, [{ shard: 0, provider: 0, sampled: true }])
    const { commitment, provider } = commits.get('0/1')!
    const client = cast.client.address
    const drawn = (related: readonly { validator: typeof provider; party: typeof provider }[]) => {
      const input = { beacon: seeded.beacon, commitment, round: 1, provider, client, earlier: [] }
      const { seats, alternates } = auditSeats({ ...input, proposal: { ...proposal, related: [...related] } })
      return [...seats, ...alternates]
    }
    assert.equal(deriveRandomness(seeded.beacon).length, 66)
    const all = drawn([])
    for (const other of [provider, client, proposal.aggregator])
      assert.ok(!drawn([{ validator: all[0]!, party: other }]).includes(all[0]!))
    assert.deepEqual(drawn([{ validator: all[0]!, party: cast.providers[1]!.address }]), all)
  })
})
