import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { deriveSettlement } from '@assay/core'
import {
  AdvertReply,
  decodeFrame,
  encodeFrame,
  limits,
  MarketError,
  openAdvert,
  protocols,
  roleKey,
  type Advert,
  type ValidatorReply,
} from '@assay/protocol'
import { buildEpoch, buildEvidence, createEvidenceCast } from '@assay/testkit'
import { createFailingPorts } from '../../test/fail-nth.ts'
import { auditRequest, codeOf, drive, openStage, seatsOf, type Stage } from '../../test/stage.ts'

const never = new AbortController().signal

async function advertOf(stage: Stage): Promise<Advert> {
  const stream = await stage.network.open(stage.actor.publicKey, protocols.advert, never)
  await stream.send(encodeFrame({ type: 'advert' }), never)
  const reply = decodeFrame(AdvertReply, (await stream.receive(never)) ?? new Uint8Array(), 'advert reply')
  assert.ok(reply.type === 'advert')
  return openAdvert(reply.advert, stage.cast.market, stage.actor.address, stage.clock.now())
}

describe('a validator among its peers', () => {
  it('can be found by its role, and says so anew before its advert expires', async () => {
    await using stage = await openStage()
    const found: string[] = []
    const node = stage.service.status().addresses[0]!
    await stage.network.connect(node, never)
    for await (const peer of stage.network.find(roleKey(stage.cast.market, 'validator'), { limit: 5 }, never))
      found.push(peer.address)
    assert.deepEqual(found, [stage.actor.address])
    const first = await advertOf(stage)
    assert.equal(first.role, 'validator')
    await stage.clock.advance(limits.advertLifeMs * 0.6)
    assert.ok((await advertOf(stage)).seq > first.seq)
    await stage.restart()
    assert.ok((await advertOf(stage)).seq > first.seq + 1)
  })

  it('answers nonsense with a typed error', async () => {
    await using stage = await openStage()
    assert.equal(codeOf(await stage.ask({ type: 'nonsense' })), 'message-malformed')
    assert.equal(codeOf(await stage.ask({ type: 'introduce', terms: 1 })), 'message-malformed')
  })
})

/** A validator whose port calls can be made to fail, and what each of them would be. */
async function openFailing(n: number, self?: Stage['actor']['address']) {
  const failing = createFailingPorts(n, () => new MarketError('rpc-unavailable', `call ${n} fails`))
  const state = { armed: false }
  const stage = await openStage({
    ...(self && { self }),
    ports: (deps) => {
      const wrap = <T extends object>(port: T): T => {
        const broken = failing.wrap(port)
        return new Proxy(port, { get: (target, name): unknown => Reflect.get(state.armed ? broken : target, name) })
      }
      const { chain, sandbox, signer, blobs, store } = deps
      return {
        ...deps,
        chain: wrap(chain),
        sandbox: wrap(sandbox),
        signer: wrap(signer),
        blobs: wrap(blobs),
        store: wrap(store),
      }
    },
  })
  return { stage, failing, state }
}

/** Asks with the n-th call failing, then again with none, for every n; answers must never differ. */
async function walk(
  prepare: (n: number) => Promise<{
    readonly stage: Stage
    readonly state: { armed: boolean }
    readonly calls: () => number
    readonly request: object
  }>,
  good: ValidatorReply['type'],
): Promise<number> {
  for (let n = 1; ; n++) {
    const { stage, state, calls, request } = await prepare(n)
    state.armed = true
    const first = await drive(stage, stage.ask(request))
    const made = calls()
    state.armed = false
    const second = await drive(stage, stage.ask(request))
    assert.equal(second.type, good, `asked again after call ${n} failed`)
    if (first.type === good) assert.deepEqual(second, first, `call ${n}`)
    else assert.ok(first.type === 'error' && first.error.code !== 'internal', JSON.stringify(first))
    await stage[Symbol.asyncDispose]()
    if (made < n) return n
    assert.ok(n < 100, 'the walk through the calls ends')
  }
}

describe('a validator on failing parts', () => {
  const plan = [
    { shard: 0, provider: 0, sampled: true },
    { shard: 1, provider: 1, sampled: true },
  ] as const

  it('never acknowledges an epoch in two ways', async () => {
    const steps = await walk(async (n) => {
      const { stage, failing, state } = await openFailing(n)
      await stage.introduce()
      const { seeded } = await buildEpoch(stage.cast, plan)
      return {
        stage,
        state,
        calls: failing.calls,
        request: { type: 'propose', proposal: seeded.proposal, leaves: seeded.leaves },
      }
    }, 'acknowledged')
    assert.ok(steps > 10)
  })

  it('never commits to two results', async () => {
    const draft = createEvidenceCast()
    const epoch = await buildEpoch(draft, plan)
    const [self] = seatsOf(draft, epoch, '0/1').seats
    const steps = await walk(async (n) => {
      const { stage, failing, state } = await openFailing(n, self)
      await stage.introduce()
      await stage.propose(epoch)
      await stage.passSeed(epoch)
      return { stage, state, calls: failing.calls, request: auditRequest(stage.cast, epoch, '0/1') }
    }, 'audited')
    assert.ok(steps > 10)
  })

  it('never signs two settlements', async () => {
    const steps = await walk(async (n) => {
      const { stage, failing, state } = await openFailing(n)
      const evidence = await buildEvidence(stage.cast, { epochs: [{ attempts: plan }] })
      const derived = deriveSettlement(stage.cast.market, [evidence])
      assert.ok(derived.ok)
      await stage.introduce()
      return {
        stage,
        state,
        calls: failing.calls,
        request: { type: 'settle', evidence: [evidence], settlement: derived.settlement },
      }
    }, 'signed')
    assert.ok(steps > 5)
  })
})
