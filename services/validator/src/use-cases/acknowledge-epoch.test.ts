import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkAck } from '@assay/core'
import {
  createEnvelope,
  deriveCommitDigest,
  deriveEpochRoot,
  deriveProposalDigest,
  OrderTerms,
  ppm,
  toJson,
  unixMs,
  type EpochLeaf,
} from '@assay/protocol'
import { buildEpoch, createEvidenceCast, createTestActor, named, type BuiltEpoch } from '@assay/testkit'
import { ackBody, codeOf, openStage, proposeRequest, reasonOf, type Stage } from '../../test/stage.ts'

const two = [
  { shard: 0, provider: 0, sampled: true },
  { shard: 1, provider: 1, sampled: true },
] as const

/** The same epoch with another body, signed again by the aggregator. */
async function resign(stage: Stage, epoch: BuiltEpoch, fields: object, leaves = epoch.seeded.leaves) {
  const proposal = await createEnvelope('epoch/1', toJson({ ...epoch.proposal, ...fields }), stage.cast.aggregator)
  return { type: 'propose' as const, proposal, leaves }
}

describe('introducing an order', () => {
  it('makes a funded order known, and says so again', async () => {
    await using stage = await openStage()
    assert.equal(codeOf(await stage.introduce()), 'known')
    assert.equal(codeOf(await stage.introduce()), 'known')
  })

  it('refuses what no quorum could settle', async () => {
    await using stage = await openStage()
    const { cast } = stage
    const { terms, spec } = cast
    const introduce = async (body: object) => codeOf(await stage.ask({ type: 'introduce', terms, spec, ...body }))
    const parse = (fields: object) => OrderTerms.parse(toJson({ ...terms, ...fields }))
    assert.equal(await introduce({ spec: { ...spec, command: ['other'] } }), 'lease-invalid')
    assert.equal(await introduce({ terms: parse({ aggregator: cast.client.address }) }), 'lease-invalid')
    assert.equal(await introduce({ terms: parse({ maxAmount: '1' }) }), 'lease-invalid')
    assert.equal(await introduce({ terms: parse({ quorumId: 9 }) }), 'no-quorum')
    assert.equal(await introduce({ terms: parse({ salt: named('unfunded') }) }), 'order-not-funded')
    await using stranger = stage.hub.open(createTestActor('stranger').privateKey)
    assert.equal(codeOf(await stage.ask({ type: 'introduce', terms, spec }, stranger)), 'lease-invalid')
  })
})

describe('acknowledging an epoch', () => {
  it('demands that everybody is listed who shares a purse with a party, and nobody else', async () => {
    const { providers, validators } = createEvidenceCast()
    const purse = createTestActor('purse').address
    const [party, validator] = [providers[0]!.address, validators[3]!.address]
    const payouts = new Map([party, validator].map((address) => [address, purse] as const))
    await using stage = await openStage({ payouts })
    const epoch = await buildEpoch(stage.cast, two)
    await stage.introduce()
    const related = [{ validator, party }]
    assert.equal(reasonOf(await stage.propose(epoch)), 'related-differs')
    const more = [...related, { validator, party: providers[1]!.address }]
    assert.equal(reasonOf(await stage.ask(await resign(stage, epoch, { related: more }))), 'related-differs')
    assert.equal(codeOf(await stage.ask(await resign(stage, epoch, { related }))), 'acknowledged')
  })

  it('acknowledges with the newest round of its arrival, and gives the same answer ever after', async () => {
    await using stage = await openStage()
    const { cast } = stage
    const epoch = await buildEpoch(cast, two)
    await stage.introduce()
    const reply = await stage.propose(epoch)
    assert.ok(reply.type === 'acknowledged')
    const digest = deriveProposalDigest(epoch.seeded.proposal)
    const { seedRound } = epoch.proposal
    assert.deepEqual(checkAck(reply.ack, { market: cast.market, quorum: cast.quorum, digest, seedRound }), {
      ok: true,
      validator: stage.actor.address,
    })
    assert.equal(ackBody(reply.ack).seenRound, 8)
    await stage.passSeed(epoch)
    await stage.restart()
    assert.deepEqual(await stage.propose(epoch), reply)
  })

  it('asks for orders that it does not know', async () => {
    await using stage = await openStage()
    const epoch = await buildEpoch(stage.cast, two, { foreign: 1 })
    const reply = await stage.propose(epoch)
    assert.ok(reply.type === 'refused')
    assert.equal(reply.unknownOrders.length, 2)
    assert.ok(reply.unknownOrders.some((id) => id.toString() === stage.cast.orderId.toString()))
  })

  it('refuses an epoch that holds a commit of another hardware class than its own', async () => {
    const hardwareClass = 'cpu/x86_64/v3/GenuineIntel-6-85/avx2,fma'
    const cast = { spec: { determinism: 'D2', hardwareClass } }
    for (const [own, reply] of [
      [hardwareClass, 'acknowledged'],
      [`${hardwareClass},fma4`, 'epoch-refused'],
      [undefined, 'epoch-refused'],
    ] as const) {
      await using stage = await openStage({ cast, ...(own && { hardwareClass: own }) })
      assert.equal(codeOf(await stage.introduce()), 'known')
      const answer = await stage.propose(await buildEpoch(stage.cast, two))
      assert.equal(codeOf(answer), reply)
      if (reply === 'epoch-refused') assert.equal(reasonOf(answer), 'hardware-class-foreign')
    }
  })

  it('names the rate that its own count of passes demands', async () => {
    await using stage = await openStage()
    const { cast, store } = stage
    const epoch = await buildEpoch(cast, [
      { shard: 0, provider: 0, sampled: false },
      { shard: 1, provider: 1, sampled: true },
    ])
    await stage.introduce()
    const reply = await stage.propose(epoch)
    assert.ok(reply.type === 'refused')
    assert.deepEqual(reply.required, [{ commitment: epoch.commits.get('0/1')!.commitment, ratePpm: 1_000_000 }])

    const { address } = cast.providers[0]!
    const judged = Array.from({ length: 20 }, (_, i) => ({
      commitment: named<never>(`c${i}`),
      orderId: cast.orderId,
      provider: address,
      determinism: 'D1' as const,
      verdict: 'passed' as const,
    }))
    store.addSettlements([], judged)
    store.addSettlements([], judged)
    assert.equal(store.passes(address, 'D1'), 20)
    const again = await stage.propose(epoch)
    assert.ok(again.type === 'refused')
    assert.equal(again.required[0]?.ratePpm, 500_000)
  })

  it('takes commits of another acknowledged epoch only at a full rate', async () => {
    await using stage = await openStage()
    const { cast } = stage
    await stage.introduce()
    const first = await buildEpoch(cast, two)
    assert.equal(codeOf(await stage.propose(first)), 'acknowledged')
    // The same commits under another proposal: same leaves, later close.
    const later = await resign(stage, first, { closedAtMs: first.proposal.closedAtMs + 1 })
    assert.equal(codeOf(await stage.ask(later)), 'acknowledged', 'a full rate may be proposed again')
    const lower: EpochLeaf[] = first.seeded.leaves.map((leaf) => ({ ...leaf, ratePpm: ppm(999_999) }))
    const reply = await stage.ask(await resign(stage, first, { root: deriveEpochRoot(lower) }, lower))
    assert.ok(reply.type === 'refused')
    assert.deepEqual(
      reply.required.map(({ ratePpm }) => ratePpm),
      [1_000_000, 1_000_000],
    )
  })

  it('takes a commit in two proposals at most, across restarts, and the same two again', async () => {
    await using stage = await openStage()
    await stage.introduce()
    const first = await buildEpoch(stage.cast, two)
    const [second, third] = await Promise.all(
      [1, 2].map(async (later) => resign(stage, first, { closedAtMs: first.proposal.closedAtMs + later })),
    )
    assert.equal(codeOf(await stage.propose(first)), 'acknowledged')
    assert.equal(codeOf(await stage.ask(second!)), 'acknowledged')
    assert.equal(reasonOf(await stage.ask(third!)), 'two-proposals-a-commit')
    await stage.restart()
    assert.equal(reasonOf(await stage.ask(third!)), 'two-proposals-a-commit')
    assert.equal(codeOf(await stage.propose(first)), 'acknowledged')
    assert.equal(codeOf(await stage.ask(second!)), 'acknowledged')
  })

  it('refuses two commits for one attempt, and shows both', async () => {
    await using stage = await openStage()
    const { cast } = stage
    await stage.introduce()
    const first = await buildEpoch(cast, [{ shard: 0, provider: 0, sampled: true }])
    assert.equal(codeOf(await stage.propose(first)), 'acknowledged')
    const second = await buildEpoch(cast, [{ shard: 0, provider: 0, sampled: true, story: 'garbage' }])
    const reply = await stage.propose(second)
    assert.equal(reasonOf(reply), 'one-commit-an-attempt')
    assert.ok(reply.type === 'error')
    const { details } = reply.error
    assert.equal(details['heldCommitment'], first.commits.get('0/1')!.commitment)
    assert.equal(details['askedSignature'], second.commits.get('0/1')!.signature)
    assert.equal(reply.error.blame, 'provider')
  })

  it('refuses an epoch that is not what it seems', async () => {
    await using stage = await openStage()
    const { cast, chain } = stage
    await stage.introduce()
    const epoch = await buildEpoch(cast, two)
    const seats = epoch.proposal.seats
    const tampered = async (fields: object, leaves = epoch.seeded.leaves) =>
      reasonOf(await stage.ask(await resign(stage, epoch, fields, leaves)))
    assert.equal(await tampered({ chainId: 1 }), 'market-mismatch')
    assert.equal(await tampered({ quorumId: 2 }), 'not-a-member')
    assert.equal(await tampered({ beaconId: named('beacon') }), 'beacon-mismatch')
    assert.equal(await tampered({ leafCount: 1 }), 'leaf-count-mismatch')
    assert.equal(await tampered({ root: named('root') }), 'root-mismatch')
    assert.equal(await tampered({ seats: seats.slice(1) }), 'seats-mismatch')
    const heavier = seats.map((seat, i) => (i === 0 ? { ...seat, stake: 200_000_000n } : seat))
    assert.equal(await tampered({ seats: heavier }), 'seat-stake-differs')
    assert.equal(await tampered({ aggregator: cast.client.address }), 'not-its-aggregator')
    const [a, b] = epoch.seeded.leaves
    assert.equal(await tampered({}, [b!, a!]), 'leaves-unsorted')
    const swapped = [{ ...a!, commit: { ...a!.commit, signature: b!.commit.signature } }, b!]
    assert.equal(await tampered({}, swapped), 'commit-signature-invalid')
    const forged = proposeRequest(epoch)
    const bad = { ...forged, proposal: { ...forged.proposal, signature: cast.client.signNow(named('x')) } }
    assert.equal(codeOf(await stage.ask(bad)), 'signature-invalid')

    chain.requestUnbond(cast.providers[0]!.address, 1n)
    assert.equal(codeOf(await stage.propose(epoch)), 'acknowledged', 'leaving stake still counts')
  })

  it('believes the chain, not its memory, when a stake differs', async () => {
    await using stage = await openStage()
    const { cast, chain } = stage
    await stage.introduce()
    assert.equal(
      codeOf(await stage.propose(await buildEpoch(cast, [{ shard: 2, provider: 2, sampled: true }]))),
      'acknowledged',
    )
    const { address } = cast.validators[1]!
    chain.mint(address, 5n)
    const epoch = await buildEpoch(cast, two)
    const seats = epoch.proposal.seats.map((seat) =>
      seat.validator === address ? { ...seat, stake: 100_000_005n } : seat,
    )
    assert.equal(reasonOf(await stage.ask(await resign(stage, epoch, { seats }))), 'seat-stake-differs')
    chain.stake(address, 5n)
    assert.equal(codeOf(await stage.ask(await resign(stage, epoch, { seats }))), 'acknowledged')
  })

  it('refuses once the seed is out, for orders that are over, and for strangers', async () => {
    await using stage = await openStage()
    const { cast, clock } = stage
    await stage.introduce()
    const epoch = await buildEpoch(cast, two)
    await using stranger = stage.hub.open(createTestActor('stranger').privateKey)
    assert.equal(reasonOf(await stage.ask(proposeRequest(epoch), stranger)), 'not-its-aggregator')
    await stage.passSeed(epoch)
    assert.equal(reasonOf(await stage.propose(epoch)), 'seed-round-published')
    await clock.advanceTo(unixMs(cast.terms.settleBy * 1000))
    const late = await buildEpoch(cast, two, { number: 3_700 })
    assert.equal(reasonOf(await stage.propose(late)), 'order-overdue')
  })

  it('refuses commits of providers that nobody could slash', async () => {
    await using stage = await openStage()
    const { cast } = stage
    await stage.introduce()
    const more = createEvidenceCast({ providers: 5 })
    const epoch = await buildEpoch(more, [{ shard: 0, provider: 4, sampled: true }])
    assert.equal(reasonOf(await stage.propose(epoch)), 'provider-unstaked')
    assert.equal(cast.orderId, more.orderId)
  })

  it('refuses commits of a provider with less than ten prices at stake', async () => {
    const { spec } = createEvidenceCast()
    for (const [stakeUsdc, expected] of [
      [10n * spec.priceUsdc - 1n, 'stake-below-price'],
      [10n * spec.priceUsdc, 'acknowledged'],
    ] as const) {
      await using stage = await openStage({ providerStakeUsdc: stakeUsdc })
      await stage.introduce()
      const epoch = await buildEpoch(stage.cast, [{ shard: 0, provider: 0, sampled: true }])
      assert.equal(reasonOf(await stage.propose(epoch)), expected)
    }
  })

  it('refuses a commit whose signature is by another provider', async () => {
    await using stage = await openStage()
    const { cast } = stage
    await stage.introduce()
    const epoch = await buildEpoch(cast, [{ shard: 0, provider: 0, sampled: true }])
    const [leaf] = epoch.seeded.leaves
    const signature = cast.providers[1]!.signNow(deriveCommitDigest(cast.market, leaf!.commit))
    const request = { ...proposeRequest(epoch), leaves: [{ ...leaf!, commit: { ...leaf!.commit, signature } }] }
    assert.equal(reasonOf(await stage.ask(request)), 'commit-signature-invalid')
  })
})
