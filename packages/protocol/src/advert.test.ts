import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createSigner } from '../test/actor.ts'
import { Advert, imageKey, openAdvert, roleKey } from './advert.ts'
import { createEnvelope, toJson, type Envelope } from './envelope.ts'
import { isMarketError } from './errors.ts'
import { limits } from './limits.ts'
import { MarketDomain } from './typed-data.ts'
import { unixMs } from './units.ts'

const peer = createSigner('peer')
const stranger = createSigner('stranger')
const market = MarketDomain.parse({ chainId: 5, escrow: stranger.address })
const advert = Advert.parse({
  ...market,
  role: 'provider',
  publicKey: peer.publicKey,
  addresses: ['/ip4/127.0.0.1/tcp/4001'],
  seq: 1,
  issuedAtMs: 1000,
  expiresAtMs: 2000,
  classes: ['D1'],
  architecture: 'amd64',
  cpus: 1000,
  memoryBytes: 1,
  slots: 1,
  minPriceUsdc: '1',
})
const served = async (changes: object = {}, signer = peer): Promise<Envelope> =>
  createEnvelope('advert/1', toJson({ ...advert, ...changes }), signer)
const now = unixMs(1500)
const refusal = (reason: RegExp) => (error: unknown) =>
  isMarketError(error) && error.code === 'advert-invalid' && reason.test(error.message)

describe('openAdvert', () => {
  it('takes what the peer signed for this market', async () => {
    assert.deepEqual(openAdvert(await served(), market, peer.address, now), advert)
  })

  it('refuses what is not the peer’s own, for another market, stale or too long-lived', async () => {
    const cases: readonly (readonly [RegExp, Envelope])[] = [
      [/not signed by the peer/, await served({}, stranger)],
      [/not signed by the peer/, await served({ publicKey: stranger.publicKey })],
      [/another market/, await served({ chainId: 6 })],
      [/another market/, await served({ escrow: peer.address })],
      [/expired/, await served({ expiresAtMs: now })],
      [/too long/, await served({ expiresAtMs: 1000 + limits.advertLifeMs + 1 })],
    ]
    for (const [reason, envelope] of cases)
      assert.throws(() => openAdvert(envelope, market, peer.address, now), refusal(reason))
  })
})

it('capability keys name the market or the image', () => {
  assert.equal(roleKey(market, 'validator'), `assay/1/validator/5:${market.escrow}`)
  assert.equal(imageKey('sha256:ab'), 'assay/1/image/sha256:ab')
})
