import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  createEnvelope,
  deriveCommitDigest,
  deriveCommitment,
  deriveLeaseDigest,
  deriveOrderId,
  encodeFrame,
  OrderTerms,
  protocols,
  recoverSigner,
  toJson,
  unixMs,
  unsealResult,
  usdc,
  type SignedCommit,
  type WorkReply,
} from '@assay/protocol'
import { createTestActor, named } from '@assay/testkit'
import { commitOne, drive, never, openStage, type Stage } from '../../test/stage.ts'

const errorOf = (reply: WorkReply | undefined): string | undefined =>
  reply !== undefined && (reply.type === 'declined' || reply.type === 'failed') ? reply.error.code : undefined

async function decline(stage: Stage, request: Parameters<Stage['converse']>[0]): Promise<string | undefined> {
  const talk = await stage.converse(request)
  const reply = await talk.next()
  assert.equal(reply?.type, 'declined')
  assert.equal(await talk.next(), undefined, 'nothing follows a refusal')
  return errorOf(reply)
}

describe('work protocol', () => {
  it('takes a lease from offer to commit, with the sealed result at the aggregator first', async () => {
    await using stage = await openStage()
    const request = await stage.offer()
    const talk = await stage.converse(request)
    const replies = await talk.until('committed')
    const [accepted] = replies
    assert.ok(accepted?.type === 'accepted')
    assert.equal(recoverSigner(deriveLeaseDigest(request.offer), accepted.acceptance), stage.provider.address)
    const steps = replies.flatMap((reply) => (reply.type === 'progress' ? reply.state : []))
    assert.deepEqual(
      steps,
      ['preparing', 'executing', 'sealing'].filter((step) => steps.includes(step as never)),
    )
    const last = replies.at(-1)
    assert.ok(last?.type === 'committed')
    const { commit, sealed } = last
    assert.equal(recoverSigner(deriveCommitDigest(stage.market, commit), commit.signature), stage.provider.address)
    assert.equal(commit.sealedHash.toString(), sealed.root.toString())

    const files = new Map<string, string>()
    const { opening } = await unsealResult(
      stage.blobs.read(sealed.root, {}, never),
      stage.seal.identity,
      async (entry, bytes) => {
        const parts: Uint8Array[] = []
        for await (const part of bytes) parts.push(part)
        files.set(entry.kind === 'stdout' ? '' : entry.path, Buffer.concat(parts).toString())
      },
    )
    assert.equal(deriveCommitment(stage.market, commit, opening), commit.commitment)
    assert.deepEqual(Object.fromEntries(files), { '': 'copy a', 'out.txt': 'hello input' })

    await talk.send({ type: 'committed' })
    assert.equal(await talk.next(), undefined)
    assert.equal(stage.store.byCommitment(commit.commitment)?.state, 'delivered')
    assert.equal(stage.service.status().busy, 0)
  })

  it('has the opening on disk before the commit is shown', async () => {
    await using stage = await openStage()
    const talk = await stage.converse(await stage.offer())
    const last = (await talk.until('committed')).at(-1)
    assert.ok(last?.type === 'committed')
    talk.stream.abort(new Error('the aggregator died'))
    await stage.restart()
    const row = stage.store.byCommitment(last.commit.commitment)
    assert.ok(row?.opening !== undefined)
    assert.equal(deriveCommitment(stage.market, last.commit, row.opening), last.commit.commitment)
  })

  it('gives the same acceptance and the same commit to the same offer', async () => {
    await using stage = await openStage()
    const request = await stage.offer()
    const first = await commitOne(stage)
    const talk = await stage.converse(request)
    const replies = await talk.until('committed')
    const last = replies.at(-1)
    assert.deepEqual(last?.type === 'committed' && last.commit, first)
  })

  it('runs an offer that comes twice at once only once', async () => {
    let runs = 0
    await using stage = await openStage({ run: () => ({ stdout: `${(runs += 1)}` }) })
    const request = await stage.offer()
    const talks = await Promise.all([stage.converse(request), stage.converse(request)])
    const commits = await Promise.all(talks.map(async (talk) => (await talk.until('committed')).at(-1)))
    assert.deepEqual(commits[0], commits[1])
    assert.equal(runs, 1)
  })

  it('never commits twice for one attempt, whatever leases are signed', async () => {
    await using stage = await openStage()
    await commitOne(stage)
    const again = await stage.offer({ acceptByMs: unixMs(stage.clock.now() + 9_999) })
    assert.equal(await decline(stage, again), 'lease-invalid')
  })

  it('goes on when the stream breaks, and shows where it stands when asked', async () => {
    await using stage = await openStage()
    const request = await stage.offer()
    const talk = await stage.converse(request)
    await talk.until('accepted')
    stage.hub.cut(stage.aggregator.address, stage.provider.address)
    const again = await stage.converse({ type: 'resume', lease: deriveLeaseDigest(request.offer) })
    const replies = await drive(stage, again.until('committed'))
    assert.equal(replies[0]?.type, 'accepted')
  })

  it('knows no lease that it never took, and tells nobody but its aggregator', async () => {
    await using stage = await openStage()
    const unknown = await stage.converse({ type: 'resume', lease: named('lease') })
    assert.equal(errorOf(await unknown.next()), 'job-unknown')
    const request = await stage.offer()
    await (await stage.converse(request)).until('committed')
    await using stranger = stage.hub.open(createTestActor('stranger').privateKey)
    const talk = await stage.converse({ type: 'resume', lease: deriveLeaseDigest(request.offer) }, stranger)
    assert.equal(errorOf(await talk.next()), 'job-unknown')
  })

  it('stops a cancelled run and frees its slot', async () => {
    await using stage = await openStage({ run: () => ({ durationMs: 50_000 }), options: { slots: 1 } })
    const talk = await stage.converse(await stage.offer())
    await talk.until('accepted')
    await talk.send({ type: 'cancel' })
    const replies = await talk.until('failed')
    assert.equal(errorOf(replies.at(-1)), 'cancelled')
    assert.equal(await talk.next(), undefined)
    assert.equal(stage.service.status().busy, 0)
  })

  it('ends an attempt at the deadline of its lease', async () => {
    await using stage = await openStage({ run: () => ({ durationMs: 50_000 }) })
    const commitByMs = unixMs(stage.clock.now() + 20_000)
    const talk = await stage.converse(await stage.offer({ commitByMs }))
    const replies = await drive(stage, talk.until('failed'))
    assert.equal(errorOf(replies.at(-1)), 'attempt-timeout')
    assert.ok(stage.clock.now() >= commitByMs)
  })

  it('reports a failed run with the sandbox’s own blame and the end of its errors', async () => {
    for (const [end, code, blame] of [
      [{ exitCode: 3, stderr: 'no such model' }, 'attempt-exit-nonzero', 'client'],
      [{ failure: 'memory-limit' }, 'attempt-memory-limit', 'client'],
      [{ failure: 'engine-fault' }, 'attempt-engine-fault', 'provider'],
      [{ durationMs: Infinity }, 'attempt-time-limit', 'client'],
    ] as const) {
      await using stage = await openStage({ run: () => end })
      const talk = await stage.converse(await stage.offer())
      const last = (await drive(stage, talk.until('failed'))).at(-1)
      assert.ok(last?.type === 'failed')
      assert.equal(last.error.code, code)
      assert.equal(last.error.blame, blame)
      if (code === 'attempt-exit-nonzero') assert.equal(last.error.details['stderrTail'], 'no such model')
    }
  })

  it('declines what is not one funded agreement', async () => {
    await using stage = await openStage()
    const { terms, spec, aggregator, market } = stage
    const now = stage.clock.now()
    const stranger = createTestActor('stranger')
    const good = await stage.offer()
    const parse = (fields: object): OrderTerms => OrderTerms.parse(toJson({ ...terms, ...fields }))
    const forged = { ...good, offer: { ...good.offer, signature: stranger.signNow(named('other')) } }
    assert.equal(await decline(stage, forged), 'signature-invalid')
    assert.equal(await decline(stage, await stage.offer({ provider: stranger.address })), 'lease-invalid')
    assert.equal(await decline(stage, await stage.offer({ chainId: 1 })), 'lease-invalid')
    assert.equal(await decline(stage, await stage.offer({ acceptByMs: now })), 'lease-invalid')
    assert.equal(await decline(stage, await stage.offer({ commitByMs: now })), 'lease-invalid')
    assert.equal(await decline(stage, await stage.offer({ shard: 3 })), 'lease-invalid')
    assert.equal(await decline(stage, await stage.offer({ priceUsdc: usdc(9_999n) })), 'lease-invalid')
    assert.equal(await decline(stage, { ...good, terms: parse({ salt: named('other') }) }), 'lease-invalid')
    assert.equal(await decline(stage, { ...good, spec: { ...spec, command: ['rm'] } }), 'lease-invalid')
    const elsewhere = parse({ salt: named('unfunded') })
    const body = toJson({ ...JSON.parse(good.offer.payload), orderId: deriveOrderId(market, elsewhere) })
    const unfunded = { ...good, terms: elsewhere, offer: await createEnvelope('lease/1', body, aggregator) }
    assert.equal(await decline(stage, unfunded), 'order-not-funded')
    const late = await stage.offer({ commitByMs: unixMs(terms.settleBy * 1000) })
    assert.equal(await decline(stage, late), 'lease-declined')
    assert.equal(stage.service.status().busy, 0, 'a refused offer holds no slot')
  })

  it('declines an offer that another node passes on', async () => {
    await using stage = await openStage()
    await using stranger = stage.hub.open(createTestActor('stranger').privateKey)
    const talk = await stage.converse(await stage.offer(), stranger)
    assert.equal(errorOf(await talk.next()), 'lease-invalid')
  })

  it('declines what this machine does not take', async () => {
    for (const [options, code] of [
      [{ options: { minPriceUsdc: usdc(10_001n) } }, 'budget-too-small'],
      [{ options: { classes: [] } }, 'lease-declined'],
      [{ options: { cpus: 500 as never } }, 'lease-declined'],
      [{ options: { memoryBytes: 1024 as never } }, 'lease-declined'],
      [{ options: { inputBytes: 5 as never } }, 'input-too-large'],
      [{ spec: { image: `sha256:${'cd'.repeat(32)}` } }, 'image-unknown'],
      [{ stakeUsdc: 0n }, 'stake-insufficient'],
    ] as const) {
      await using stage = await openStage(options)
      assert.equal(await decline(stage, await stage.offer()), code)
    }
  })

  it('declines when every slot is taken, and takes work again when one is free', async () => {
    await using stage = await openStage({ options: { slots: 1 } })
    const talk = await stage.converse(await stage.offer())
    await talk.until('accepted')
    assert.equal(await decline(stage, await stage.offer({ shard: 1 })), 'lease-declined')
    await talk.until('committed')
    const next = await stage.converse(await stage.offer({ shard: 1 }))
    assert.equal((await next.until('committed')).at(-1)?.type, 'committed')
  })

  it('blames the aggregator for inputs that it does not hold', async () => {
    await using stage = await openStage({
      spec: { sharedInputs: [{ path: 'gone', root: named('gone'), size: 7, executable: false }] },
    })
    const talk = await stage.converse(await stage.offer())
    const last = (await drive(stage, talk.until('failed'))).at(-1)
    assert.ok(last?.type === 'failed')
    assert.equal(last.error.code, 'blob-unknown')
    assert.equal(last.error.blame, 'aggregator')
  })

  it('resets a stream that says something else', async () => {
    await using stage = await openStage()
    const stream = await stage.network.open(stage.provider.publicKey, protocols.work, never)
    await stream.send(encodeFrame({ type: 'nonsense' }), never)
    await assert.rejects(stream.receive(never), { code: 'stream-closed' })
  })

  it('never makes the same salt twice', async () => {
    await using stage = await openStage()
    const commits: SignedCommit[] = []
    for (const shard of [0, 1]) commits.push(await commitOne(stage, { shard }))
    const salts = commits.map(({ commitment }) => stage.store.byCommitment(commitment)?.opening?.salt)
    assert.equal(new Set(salts).size, 2)
  })

  it('takes work of its own hardware class and of no other', async () => {
    const hardwareClass = 'cpu/x86_64/v3/GenuineIntel-6-85/avx2,fma'
    for (const [own, taken] of [
      [hardwareClass, true],
      ['cpu/x86_64/v4/AuthenticAMD-25-17/avx2,fma', false],
      [undefined, false],
    ] as const) {
      await using stage = await openStage({
        spec: { determinism: 'D2', hardwareClass },
        options: { classes: ['D1', 'D2'] },
        wrap: (sandbox) => ({
          ...sandbox,
          probe: async (signal) => ({ ...(await sandbox.probe(signal)), ...(own && { hardwareClass: own }) }),
        }),
      })
      const request = await stage.offer()
      if (taken) assert.equal((await (await stage.converse(request)).next())?.type, 'accepted')
      else assert.equal(await decline(stage, request), 'lease-declined')
    }
  })
})
