import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import {
  AdvertReply,
  decodeFrame,
  encodeFrame,
  imageKey,
  limits,
  openAdvert,
  protocols,
  roleKey,
  usdc,
  type Advert,
} from '@assay/protocol'
import { drive, image, never, openStage, type Stage } from '../../test/stage.ts'

async function ask(stage: Stage, fields: object = {}): Promise<Extract<AdvertReply, { type: 'advert' }>> {
  const stream = await stage.network.open(stage.provider.publicKey, protocols.advert, never)
  await stream.send(encodeFrame({ type: 'advert', ...fields }), never)
  const frame = await stream.receive(never)
  const reply = decodeFrame(AdvertReply, frame ?? new Uint8Array(), 'advert reply')
  assert.ok(reply.type === 'advert')
  return reply
}
const read = (stage: Stage, { advert }: { advert: Parameters<typeof openAdvert>[0] }): Advert =>
  openAdvert(advert, stage.market, stage.provider.address, stage.clock.now())

async function foundUnder(stage: Stage, key: `assay/1/${string}`): Promise<readonly string[]> {
  const found: string[] = []
  for await (const peer of stage.network.find(key, { limit: 10 }, never)) found.push(peer.address)
  return found
}

describe('advert of a provider', () => {
  it('says who, where, and what it takes, and can be found by its role', async () => {
    await using stage = await openStage({ options: { cpus: 1500 as never } })
    const advert = read(stage, await ask(stage))
    assert.equal(advert.role, 'provider')
    assert.equal(advert.slots, 2)
    assert.equal(advert.minPriceUsdc, usdc(1_000n))
    assert.equal(advert.cpus, 1500)
    assert.deepEqual(advert.classes, ['D1'])
    assert.equal(advert.hardwareClasses, undefined)
    assert.deepEqual(advert.addresses, stage.service.status().addresses)
    assert.deepEqual(await foundUnder(stage, roleKey(stage.market, 'provider')), [stage.provider.address])
  })

  it('is issued anew, with a higher number, before it expires', async () => {
    await using stage = await openStage()
    const first = await ask(stage)
    assert.deepEqual(await ask(stage), first)
    await stage.clock.advance(limits.advertLifeMs * 0.6)
    const second = read(stage, await ask(stage))
    assert.ok(second.seq > read(stage, first).seq)
    assert.equal(second.issuedAtMs, stage.clock.now())
  })

  it('says whether an image could run here, and is found by it then', async () => {
    await using stage = await openStage()
    assert.equal((await ask(stage, { image })).imageError, undefined)
    assert.equal((await ask(stage, { image: `sha256:${'cd'.repeat(32)}` })).imageError?.code, 'image-unknown')
    assert.equal((await ask(stage, { image: 'nonsense' })).imageError?.code, 'image-unknown')
    assert.deepEqual(await foundUnder(stage, imageKey(image)), [stage.provider.address])
  })

  it('answers in time when the engine does not, and looks into few questions at once', async () => {
    const gate = Promise.withResolvers<void>()
    await using stage = await openStage({
      wrap: (sandbox) => ({
        ...sandbox,
        ensureImage: async (_image, signal) => {
          await Promise.race([gate.promise, once(signal, 'abort')])
          signal.throwIfAborted()
        },
      }),
    })
    const digests = Array.from({ length: 5 }, (_, i) => `sha256:${String(i).repeat(64)}`)
    const replies = await drive(stage, Promise.all(digests.map(async (digest) => ask(stage, { image: digest }))))
    assert.deepEqual(
      replies.map(({ imageError }) => imageError?.code ?? '').toSorted((a, b) => a.localeCompare(b)),
      ['image-unknown', 'image-unknown', 'image-unknown', 'image-unknown', 'rate-limited'],
    )
    gate.resolve()
  })
})
