import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createEnvelope, deriveProposalDigest, toJson, type Envelope, type Epoch, type Json } from '@assay/protocol'
import { buildEpoch, createEvidenceCast, createTestActor, createTestBeacon, named } from '@assay/testkit'
import { checkAck, checkEpoch, type EpochContext } from './check-epoch.ts'
import type { FaultCode } from './fault.ts'

const cast = createEvidenceCast({ validators: 4, threshold: 3, shards: 2 })
const context: EpochContext = { market: cast.market, quorum: cast.quorum, beacon: cast.beacon.info }
const attempts = [0, 1].map((shard) => ({ shard, provider: shard, sampled: false }))
const { seeded, proposal } = await buildEpoch(cast, attempts, { foreign: 2 })
const epoch: Epoch = { proposal: seeded.proposal, leaves: seeded.leaves, acks: seeded.acks }
const stranger = createTestActor('stranger')
const body = toJson(proposal) as { readonly [key: string]: Json }
const seats = toJson(proposal.seats) as readonly Json[]

/** The proposal with other content, signed again by the aggregator; its acknowledgements stay behind. */
const proposed = async (changes: Record<string, Json>, signer = cast.aggregator): Promise<Epoch> => ({
  ...epoch,
  proposal: await createEnvelope('epoch/1', { ...body, ...changes }, signer),
})
const acked = async (changes: Record<string, Json>, signer = cast.validators[3]!): Promise<Envelope> => {
  const ack = { ...cast.market, proposal: deriveProposalDigest(epoch.proposal), seenRound: proposal.seedRound - 1 }
  return createEnvelope('epoch-ack/1', { ...ack, ...changes }, signer)
}

describe('checkEpoch', () => {
  it('accepts an epoch and counts its acknowledgements', () => {
    const checked = checkEpoch(epoch, context)
    assert.ok(checked.ok && checked.acknowledged)
    assert.deepEqual(checked.acknowledgedBy, cast.quorum.members.slice(0, 3))
    assert.deepEqual(checked.proposal, proposal)
    assert.equal(checked.digest, deriveProposalDigest(epoch.proposal))
  })

  it('tells an epoch that is not acknowledged yet from one that is wrong', () => {
    const checked = checkEpoch({ ...epoch, acks: epoch.acks.slice(0, 2) }, context)
    assert.ok(checked.ok && !checked.acknowledged)
  })

  const wrong: readonly (readonly [string, FaultCode, () => Epoch | Promise<Epoch>])[] = [
    ['unsigned content', 'proposal-invalid', () => ({ ...epoch, proposal: { ...epoch.proposal, payload: '{}' } })],
    ['content of another shape', 'proposal-invalid', () => proposed({ extra: 1 })],
    ['another signer', 'proposal-signer-mismatch', () => proposed({}, stranger)],
    ['another chain', 'market-mismatch', () => proposed({ chainId: 1 })],
    ['another escrow', 'market-mismatch', () => proposed({ escrow: stranger.address })],
    ['another quorum', 'epoch-quorum-mismatch', () => proposed({ quorumId: 9 })],
    ['another beacon', 'beacon-mismatch', () => proposed({ beaconId: named('beacon') })],
    ['a missing seat', 'seats-mismatch', async () => proposed({ seats: seats.slice(1) })],
    ['seats out of order', 'seats-mismatch', async () => proposed({ seats: seats.toReversed() })],
    ['a seed round that exists at close', 'seed-round-published', () => proposed({ seedRound: 8 })],
    ['a wrong count', 'leaf-count-mismatch', () => proposed({ leafCount: 3 })],
    ['a missing leaf', 'leaf-count-mismatch', () => ({ ...epoch, leaves: epoch.leaves.slice(1) })],
    ['leaves out of order', 'leaves-unsorted', () => ({ ...epoch, leaves: epoch.leaves.toReversed() })],
    [
      'a repeated leaf',
      'leaves-unsorted',
      () => ({ ...epoch, leaves: [epoch.leaves[0]!, ...epoch.leaves.slice(0, 3)] }),
    ],
    [
      'another rate',
      'root-mismatch',
      () => ({ ...epoch, leaves: epoch.leaves.map((leaf) => ({ ...leaf, ratePpm: 10_001 as never })) }),
    ],
    ['another root', 'root-mismatch', () => proposed({ root: named('root') })],
    [
      'a commit signed by someone else',
      'commit-signature-invalid',
      () => ({
        ...epoch,
        leaves: epoch.leaves.map(({ commit, ratePpm }) => ({
          ratePpm,
          commit: { ...commit, signature: epoch.leaves[0]!.commit.signature },
        })),
      }),
    ],
    ['an acknowledgement twice', 'ack-repeated', () => ({ ...epoch, acks: [...epoch.acks, epoch.acks[0]!] })],
    ['an acknowledgement by a stranger', 'ack-invalid', async () => ({ ...epoch, acks: [await acked({}, stranger)] })],
    [
      'one for another proposal',
      'ack-invalid',
      async () => ({ ...epoch, acks: [await acked({ proposal: named('x') })] }),
    ],
    ['one for another market', 'ack-invalid', async () => ({ ...epoch, acks: [await acked({ chainId: 1 })] })],
    ['one of another shape', 'ack-invalid', async () => ({ ...epoch, acks: [await acked({ extra: 1 })] })],
    [
      'one that saw the seed',
      'ack-late',
      async () => ({ ...epoch, acks: [await acked({ seenRound: proposal.seedRound })] }),
    ],
  ]
  for (const [what, code, make] of wrong)
    it(`refuses ${what}: ${code}`, async () => {
      const checked = checkEpoch(await make(), context)
      assert.equal(checked.ok ? 'ok' : checked.fault, code)
    })

  it('binds the schedule of the beacon, not only its key', () => {
    const checked = checkEpoch(epoch, { ...context, beacon: { ...cast.beacon.info, genesisMs: 0 } })
    assert.equal(checked.ok ? 'ok' : checked.fault, 'beacon-mismatch')
    const other = checkEpoch(epoch, { ...context, beacon: createTestBeacon('other').info })
    assert.equal(other.ok ? 'ok' : other.fault, 'beacon-mismatch')
  })
})

describe('checkAck', () => {
  it('judges one acknowledgement as it arrives', async () => {
    const { market, quorum } = cast
    const about = { market, quorum, digest: deriveProposalDigest(epoch.proposal), seedRound: proposal.seedRound }
    assert.deepEqual(checkAck(await acked({}), about), { ok: true, validator: cast.validators[3]!.address })
    assert.equal(checkAck(await acked({}, stranger), about).ok, false)
  })
})
