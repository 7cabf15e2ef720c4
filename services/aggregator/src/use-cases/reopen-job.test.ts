import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openDatabase } from '@assay/node-kit'
import { deriveProposalDigest, unixMs, type Settlement } from '@assay/protocol'
import {
  buildCase,
  buildEpoch,
  buildVerdict,
  castBeaconGenesisMs,
  castBeaconPeriodMs,
  createEvidenceCast,
  createFakeChain,
  createFakeClock,
  named,
} from '@assay/testkit'
import type { Context } from '../context.ts'
import { migrations } from '../store/migrations.ts'
import { createAggregatorStore } from '../store/open-store.ts'
import { reopenJob } from './reopen-job.ts'

const never = new AbortController().signal
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }

/** A settling job of one unsampled shard by provider 0, whose epoch closed a while ago. */
async function openScene() {
  const cast = createEvidenceCast({ validators: 5, threshold: 3, shards: 1 })
  const clock = createFakeClock(castBeaconGenesisMs + 12 * castBeaconPeriodMs)
  const chain = createFakeChain({ clock }, { escrow: cast.market.escrow, appealWindow: 3600 })
  chain.register(cast.providers[0]!.address, { provider: true, stakeUsdc: 50_000_000n })
  for (const { address } of cast.validators) chain.register(address, { validator: true, stakeUsdc: 100_000_000n })
  chain.createQuorum(cast.quorum.members, cast.quorum.threshold)
  chain.mint(cast.client.address, 1_000_000_000n)
  const database = openDatabase(':memory:', { migrations })
  const store = createAggregatorStore(database)
  const epoch = await buildEpoch(cast, [{ shard: 0, provider: 0, sampled: false }])
  const digest = deriveProposalDigest(epoch.seeded.proposal)
  const commit = epoch.commits.get('0/1')!
  const { orderId, terms, spec } = cast
  const { acks, beacon, leaves, proposal } = epoch.seeded
  const { quorumId, seedRound } = epoch.proposal
  const now = clock.now()
  store.createJob({
    orderId,
    state: 'settling',
    outcome: undefined,
    client: terms.client,
    terms,
    spec,
    authorization: undefined,
    cancelled: false,
    acceptance: undefined,
    settlement: undefined,
    proof: undefined,
    chargedUsdc: undefined,
    refundedUsdc: undefined,
    createdAtMs: now,
    closedAtMs: undefined,
  })
  store.addEpoch({ digest, state: 'seeded', quorumId, seedRound, proposal, leaves, acks, beacon }, now)
  store.updateEpoch(digest, { state: 'seeded', beacon })
  const key = { orderId, shard: 0, attempt: 1 }
  store.addAttempt({
    ...key,
    state: 'offered',
    provider: commit.provider,
    publicKey: cast.providers[0]!.publicKey,
    priceUsdc: spec.priceUsdc,
    lease: named('lease'),
    offer: proposal,
    acceptance: undefined,
    commitByMs: unixMs(now + 1),
    commit: undefined,
    sealed: undefined,
    epoch: undefined,
    mustAudit: false,
    failedProposals: 0,
    executingAtMs: undefined,
    runMs: undefined,
    ratePpm: undefined,
    verdict: undefined,
    code: undefined,
    blame: undefined,
    detail: undefined,
    atMs: now,
  })
  store.updateAttempt(store.attempt(key)!, { state: 'committed', commit })
  store.joinEpoch([commit.commitment], digest)
  const { ratePpm } = leaves[0]!
  store.updateAttempt(store.attempt(key)!, { state: 'accepted', verdict: 'unsampled', ratePpm })
  const context = { chain: chain.reader, clock, log: silent, store, emit: () => undefined } as unknown as Context
  return { cast, chain, clock, context, store, key, commit, database }
}

describe('a job that is about to be settled', () => {
  it('goes back to its audits when another quorum convicted its provider after it had committed', async () => {
    const { cast, chain, context, store, key, commit, database } = await openScene()
    await using _ = database
    assert.equal(await reopenJob(context, store.job(cast.orderId)!, never), false)
    const elsewhere = createEvidenceCast({ label: 'elsewhere', validators: 5, threshold: 3 })
    chain.fund(elsewhere.terms)
    const built = await buildCase(elsewhere, 'garbage')
    const { verdict, signatures } = buildVerdict(elsewhere, built)
    const anyone = chain.writer(cast.client.address)
    await anyone.submitVerdict({ verdict, terms: elsewhere.terms, commit: built.commit }, signatures, never)
    assert.equal(await reopenJob(context, store.job(cast.orderId)!, never), true)
    assert.equal(store.job(cast.orderId)?.state, 'running')
    assert.equal(store.attempt(key)?.state, 'auditing')
    assert.equal(store.audit(commit.commitment)?.audit.reason, 'contagion')
    // Audited now, so nothing holds it back a second time.
    assert.equal(await reopenJob(context, store.job(cast.orderId)!, never), false)
  })

  it('goes on when its quorum has signed, or when the conviction came before the commit', async () => {
    const { cast, chain, context, store, database } = await openScene()
    await using _ = database
    const orders = [{ orderId: cast.orderId, charged: cast.spec.priceUsdc }]
    const about = { orders, payouts: [], fee: cast.spec.priceUsdc, resultsRoot: named<never>('r') }
    const settlement: Settlement = { ...about, signatures: [named('signature')] }
    const signed = { ...store.job(cast.orderId)!, settlement }
    const faults = async (recordedAt: number) => [
      { verdictId: named('v'), orderId: cast.orderId, outcome: 1, status: 'submitted', guilty: true, recordedAt },
    ]
    const contextWith = (recordedAt: number): Context =>
      ({ ...context, chain: { ...chain.reader, faultsOf: () => faults(recordedAt) } }) as unknown as Context
    assert.equal(await reopenJob(contextWith(2_000_000_000), signed, never), false)
    assert.equal(await reopenJob(contextWith(1), store.job(cast.orderId)!, never), false)
    assert.equal(await reopenJob(contextWith(2_000_000_000), store.job(cast.orderId)!, never), true)
  })
})
