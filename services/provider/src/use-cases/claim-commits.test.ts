import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { fetchBlob, serveBlobs } from '@assay/blobs'
import { checkOwnCommit } from '@assay/core'
import {
  byteCount,
  CounterCommit,
  decodeFrame,
  encodeFrame,
  type MarketError,
  openEnvelope,
  protocols,
  RetractRequest,
  roleKey,
  ValidatorRequest,
  type Commitment,
  type ErrorCode,
  type SignedCommit,
} from '@assay/protocol'
import { createFakeBlobStore } from '@assay/testkit'
import { providerLimits } from '../limits.ts'
import { commitOne, drive, never, openStage, type Stage } from '../../test/stage.ts'

/** Validators that answer counter-commits as told, and write down what they were asked. */
async function openValidators(stage: Stage, answer: (commitments: readonly Commitment[]) => readonly Commitment[]) {
  const stack = new AsyncDisposableStack()
  const asked: ValidatorRequest[] = []
  const nodes = await Promise.all(
    stage.validators.map(async (actor) => {
      const network = stack.use(stage.hub.open(actor.privateKey))
      await network.handle(protocols.validate, async (stream) => {
        const frame = await stream.receive(never)
        const request = decodeFrame(ValidatorRequest, frame!, 'request')
        asked.push(request)
        const held = request.type === 'counter' ? request.counters.map(commitmentIn) : []
        const acknowledged = answer(held)
        const kept = held.filter((one) => !acknowledged.includes(one))
        const reply =
          request.type === 'counter' ? { type: 'countered', acknowledged, kept, refused: [] } : { type: 'retracted' }
        await stream.send(encodeFrame(reply), never)
        await stream.end()
      })
      await network.announce([roleKey(stage.market, 'validator')], never)
      return network
    }),
  )
  return { asked, nodes, [Symbol.asyncDispose]: async () => stack.disposeAsync() }
}
const commitmentIn = (envelope: Parameters<typeof openEnvelope>[2]): Commitment =>
  openEnvelope('counter/1', CounterCommit, envelope).commit.commitment

async function pass(stage: Stage, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 500) {
    await stage.clock.advance(500)
    for (let turn = 0; turn < 20; turn++) await setImmediate()
  }
}
const wait = providerLimits.claimAfterMs + providerLimits.claimEveryMs + providerLimits.claimRestMs

describe('a commit that nobody asks about', () => {
  it('is claimed at every validator, with its lease, until a threshold holds it in an epoch', async () => {
    await using stage = await openStage()
    let known = false
    await using validators = await openValidators(stage, (held) => (known ? held : []))
    const commit = await commitOne(stage)
    await pass(stage, wait)
    const first = validators.asked.length
    assert.ok(first >= 3, 'each member was asked')
    const [request] = validators.asked
    assert.ok(request?.type === 'counter')
    const check = checkOwnCommit({
      kind: 'counter/1',
      envelope: request.counters[0]!,
      market: stage.market,
      terms: request.terms,
    })
    assert.ok(check.ok, 'the word holds')
    assert.equal(check.commit.commitment, commit.commitment)
    known = true
    await pass(stage, wait)
    const then = validators.asked.length
    assert.ok(then > first, 'it asked again')
    assert.ok(stage.store.byCommitment(commit.commitment)?.heldAtMs !== undefined)
    await pass(stage, wait)
    assert.equal(validators.asked.length, then, 'and no more')
  })

  it('shows its sealed result to those who need it and nobody else, until it is held', async () => {
    await using stage = await openStage()
    let known = false
    await using validators = await openValidators(stage, (held) => (known ? held : []))
    await commitOne(stage)
    await pass(stage, wait)
    const [request] = validators.asked
    assert.ok(request?.type === 'counter')
    const { commit, sealedBytes } = openEnvelope('counter/1', CounterCommit, request.counters[0]!)
    const ref = { root: commit.sealedHash as never, size: sealedBytes }
    const options = { maxBytes: byteCount(1024 * 1024) }
    const copy = createFakeBlobStore()
    await fetchBlob(validators.nodes[0]!, stage.provider.publicKey, ref, copy, options, never)
    assert.equal(await copy.has(ref.root), true)
    const stranger = stage.hub.open(stage.client.privateKey)
    await serveBlobs(stranger, copy, { authorize: () => false })
    const asStranger = fetchBlob(stranger, stage.provider.publicKey, ref, createFakeBlobStore(), options, never)
    await assert.rejects(asStranger, { code: 'unauthorized' })
    known = true
    await pass(stage, wait)
    const late = fetchBlob(validators.nodes[0]!, stage.provider.publicKey, ref, createFakeBlobStore(), options, never)
    await assert.rejects(late, { code: 'unauthorized' })
    await stranger[Symbol.asyncDispose]()
  })

  it('is not believed to be held on the word of fewer than a threshold', async () => {
    await using stage = await openStage()
    let turn = 0
    await using validators = await openValidators(stage, (held) => (turn++ % 3 === 0 ? held : []))
    const commit = await commitOne(stage)
    await pass(stage, wait)
    assert.ok(validators.asked.length > 0)
    assert.equal(stage.store.byCommitment(commit.commitment)?.heldAtMs, undefined)
  })

  it('is let go when its order is over', async () => {
    await using stage = await openStage()
    const commit = await commitOne(stage)
    await stage.clock.advance(3_600_000)
    await pass(stage, wait)
    assert.ok(stage.store.byCommitment(commit.commitment)?.heldAtMs !== undefined)
  })
})

describe('taking a commit back', () => {
  const ask = async (stage: Stage, commit: SignedCommit, refusal?: ErrorCode) => {
    const words: RetractRequest[] = []
    await stage.network.handle(protocols.retract, async (stream) => {
      words.push(decodeFrame(RetractRequest, (await stream.receive(never))!, 'retraction'))
      const body = { code: refusal, message: 'no', blame: 'provider', details: {} }
      const reply = refusal === undefined ? { type: 'retracted' } : { type: 'error', error: body }
      await stream.send(encodeFrame(reply), never)
      await stream.end()
    })
    await drive(stage, stage.service.retract(commit.commitment, never))
    return words
  }

  it('is agreed with the aggregator and told to the validators; nothing is claimed afterwards', async () => {
    await using stage = await openStage()
    await using validators = await openValidators(stage, () => [])
    const commit = await commitOne(stage)
    const [word] = await ask(stage, commit)
    const { market, terms } = stage
    assert.ok(checkOwnCommit({ kind: 'retract/1', envelope: word!.retraction, market, terms }).ok)
    assert.deepEqual(
      validators.asked.map(({ type }) => type),
      ['retract', 'retract', 'retract'],
    )
    const row = stage.store.byCommitment(commit.commitment)
    assert.equal(row?.failure?.code, 'commit-retracted')
    await stage.service.retract(commit.commitment, never)
    await pass(stage, wait)
    assert.equal(validators.asked.length, 3)
  })

  it('leaves the commit standing when the aggregator says that it is too late', async () => {
    await using stage = await openStage()
    const commit = await commitOne(stage)
    await assert.rejects(ask(stage, commit, 'retract-late'), (error) => (error as MarketError).code === 'retract-late')
    assert.equal(stage.store.byCommitment(commit.commitment)?.state, 'delivered')
  })
})
