import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fetchBlob, serveBlobs } from '@assay/blobs'
import { deriveSettlement } from '@assay/core'
import { byteCount, unixMs, type ValidatorReply } from '@assay/protocol'
import {
  buildEpoch,
  buildEvidence,
  buildOwnCommit,
  castBeaconGenesisMs,
  createFakeBlobStore,
  type AttemptPlan,
  type OwnCommitPlan,
} from '@assay/testkit'
import { validatorLimits } from '../limits.ts'
import { codeOf, openStage, proposeRequest, reasonOf, type Stage } from '../../test/stage.ts'

const never = new AbortController().signal
/** Shard 0 was junk, so its second attempt is what a provider can still claim. */
const failed: readonly AttemptPlan[] = [{ shard: 0, provider: 0, sampled: true, story: 'garbage' }]
const claimant = 1
const plan: OwnCommitPlan = { shard: 0, attempt: 2, provider: claimant }

/** A stage on which a provider holds a sealed result and may speak to the validator. */
async function openScene() {
  const stage = await openStage()
  const { cast } = stage
  const network = stage.hub.open(cast.providers[claimant]!.privateKey)
  const blobs = createFakeBlobStore()
  await serveBlobs(network, blobs, { authorize: () => true })
  const bytes = (async function* () {
    yield new TextEncoder().encode('sealed result')
  })()
  const sealed = await blobs.put(bytes, { maxBytes: byteCount(1024) }, never)
  const word = async (fields: Partial<OwnCommitPlan> = {}) => buildOwnCommit(cast, { ...plan, sealed, ...fields })
  return {
    stage,
    blobs,
    sealed,
    network,
    word,
    counter: async (fields: Partial<OwnCommitPlan> = {}): Promise<ValidatorReply> => {
      const { envelope } = await word(fields)
      return stage.ask({ type: 'counter', terms: cast.terms, counters: [envelope] }, network)
    },
    retract: async (): Promise<ValidatorReply> => {
      const { envelope } = await word({ kind: 'retract/1' })
      return stage.ask({ type: 'retract', terms: cast.terms, retraction: envelope }, network)
    },
    [Symbol.asyncDispose]: async () => {
      await network[Symbol.asyncDispose]()
      await stage[Symbol.asyncDispose]()
    },
  }
}

async function settle({ cast, ask, introduce }: Stage, attempts = failed): Promise<ValidatorReply> {
  await introduce()
  const evidence = await buildEvidence(cast, { epochs: [{ attempts }] })
  const [epoch] = evidence.epochs
  await ask({ type: 'propose', proposal: epoch!.proposal, leaves: epoch!.leaves })
  const derived = deriveSettlement(cast.market, [evidence])
  assert.ok(derived.ok)
  return ask({ type: 'settle', evidence: [evidence], settlement: derived.settlement })
}
const refusalOf = (reply: ValidatorReply): unknown =>
  reply.type === 'countered' ? reply.refused[0]?.error.details['reason'] : reasonOf(reply)

describe('a commit that its provider claims', () => {
  it('is kept with its sealed result, and no settlement without it is signed', async () => {
    await using scene = await openScene()
    const { stage } = scene
    const reply = await scene.counter()
    const { commit, envelope } = await scene.word()
    assert.deepEqual(reply, { type: 'countered', acknowledged: [], kept: [commit.commitment], refused: [] })
    assert.deepEqual(await scene.counter(), reply, 'asked again, the same')
    await stage.restart()
    const refusal = await settle(stage)
    assert.ok(refusal.type === 'censored', JSON.stringify(refusal))
    assert.equal(refusal.error.details['reason'], 'commit-censored')
    assert.deepEqual(refusal.counters, [envelope], 'the aggregator gets the provider’s own word')
  })

  it('needs no claim once it stands in an acknowledged epoch', async () => {
    await using scene = await openScene()
    const { stage, sealed } = scene
    await stage.introduce()
    const epoch = await buildEpoch(stage.cast, [{ shard: 0, attempt: 2, provider: claimant, sampled: true }])
    assert.equal(codeOf(await stage.ask(proposeRequest(epoch))), 'acknowledged')
    const commit = epoch.commits.get('0/2')!
    const { envelope } = await scene.word({ body: { commit, sealedBytes: sealed.size } })
    const request = { type: 'counter', terms: stage.cast.terms, counters: [envelope] }
    assert.deepEqual(await stage.ask(request, scene.network), {
      type: 'countered',
      acknowledged: [commit.commitment],
      kept: [],
      refused: [],
    })
  })

  it('does not stand in the way of a settlement that paid another attempt', async () => {
    await using scene = await openScene()
    await scene.counter()
    assert.equal(codeOf(await settle(scene.stage, [{ shard: 0, provider: 0, sampled: true }])), 'signed')
  })

  it('is kept only with the result that the client pays for', async () => {
    await using scene = await openScene()
    const reply = await scene.counter({ sealed: { root: `0x${'11'.repeat(32)}`, size: 10 } })
    assert.ok(reply.type === 'countered')
    assert.equal(reply.refused[0]?.error.code, 'blob-unknown')
    assert.equal(codeOf(await settle(scene.stage)), 'signed')
  })

  it('is kept only in time, from its own provider, with a lease by the order’s aggregator', async () => {
    await using scene = await openScene()
    const { stage } = scene
    const late = { commitByMs: castBeaconGenesisMs + 7_000 - 30_000 }
    assert.equal(refusalOf(await scene.counter({ lease: late })), 'late')
    assert.equal(refusalOf(await scene.counter({ lessor: stage.cast.client })), 'lease-invalid')
    const { envelope } = await scene.word()
    const relayed = await stage.ask({ type: 'counter', terms: stage.cast.terms, counters: [envelope] })
    assert.equal(refusalOf(relayed), 'not-its-provider')
    await stage.clock.advanceTo(unixMs(stage.cast.terms.settleBy * 1000))
    assert.equal(refusalOf(await scene.counter()), 'order-closed')
  })

  it('hands its sealed result to the order’s aggregator alone', async () => {
    await using scene = await openScene()
    const { stage, sealed } = scene
    await scene.counter()
    const options = { maxBytes: byteCount(1024) }
    const mine = createFakeBlobStore()
    await fetchBlob(stage.network, stage.actor.publicKey, sealed, mine, options, never)
    assert.equal(await mine.has(sealed.root), true)
    const stranger = stage.hub.open(stage.cast.client.privateKey)
    await assert.rejects(fetchBlob(stranger, stage.actor.publicKey, sealed, createFakeBlobStore(), options, never), {
      code: 'unauthorized',
    })
    await stranger[Symbol.asyncDispose]()
  })
})

describe('a settlement that leaves a shard unpaid', () => {
  it('is signed only once providers have had the time to claim', async () => {
    await using scene = await openScene()
    const { stage } = scene
    await stage.introduce()
    const evidence = await buildEvidence(stage.cast, { epochs: [{ attempts: failed }] })
    const [epoch] = evidence.epochs
    await stage.ask({ type: 'propose', proposal: epoch!.proposal, leaves: epoch!.leaves })
    const derived = deriveSettlement(stage.cast.market, [evidence])
    assert.ok(derived.ok)
    const request = { type: 'settle', evidence: [evidence], settlement: derived.settlement }
    assert.equal(reasonOf(await stage.askOnce(request)), 'claims-open')
    await stage.clock.advance(validatorLimits.claimWaitMs - 1)
    assert.equal(reasonOf(await stage.askOnce(request)), 'claims-open')
    await scene.counter()
    await stage.clock.advance(1)
    assert.equal(codeOf(await stage.askOnce(request)), 'censored')
  })

  it('does not wait when every shard is paid', async () => {
    await using stage = await openStage({ cast: { shards: 1 } })
    await stage.introduce()
    const attempts = [{ shard: 0, provider: 0, sampled: true }] as const
    const evidence = await buildEvidence(stage.cast, { epochs: [{ attempts }] })
    const [epoch] = evidence.epochs
    await stage.ask({ type: 'propose', proposal: epoch!.proposal, leaves: epoch!.leaves })
    const derived = deriveSettlement(stage.cast.market, [evidence])
    assert.ok(derived.ok)
    const request = { type: 'settle', evidence: [evidence], settlement: derived.settlement }
    assert.equal(codeOf(await stage.askOnce(request)), 'signed')
  })
})

describe('a commit that its provider takes back', () => {
  it('is claimed no more, and joins no epoch', async () => {
    await using scene = await openScene()
    const { stage } = scene
    await scene.counter()
    assert.deepEqual(await scene.retract(), { type: 'retracted' })
    assert.deepEqual(await scene.retract(), { type: 'retracted' })
    const again = await scene.counter()
    assert.ok(again.type === 'countered')
    assert.equal(again.refused[0]?.error.code, 'commit-retracted')
    assert.equal(codeOf(await settle(stage)), 'signed')
  })

  it('stands when an epoch holds it', async () => {
    await using scene = await openScene()
    const { stage } = scene
    await stage.introduce()
    const epoch = await buildEpoch(stage.cast, [{ shard: 0, attempt: 2, provider: claimant, sampled: true }])
    await stage.ask(proposeRequest(epoch))
    const { envelope } = await scene.word({ kind: 'retract/1', body: { commit: epoch.commits.get('0/2')! } })
    const reply = await stage.ask({ type: 'retract', terms: stage.cast.terms, retraction: envelope })
    assert.equal(codeOf(reply), 'retract-late')
  })

  it('keeps an epoch that brings it all the same from being acknowledged', async () => {
    await using scene = await openScene()
    const { stage } = scene
    await stage.introduce()
    const epoch = await buildEpoch(stage.cast, [{ shard: 0, attempt: 2, provider: claimant, sampled: true }])
    const { envelope } = await scene.word({ kind: 'retract/1', body: { commit: epoch.commits.get('0/2')! } })
    const retraction = { type: 'retract', terms: stage.cast.terms, retraction: envelope }
    assert.equal(codeOf(await stage.ask(retraction)), 'retracted')
    assert.equal(reasonOf(await stage.ask(proposeRequest(epoch))), 'commit-retracted')
  })
})
