import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createSigner, named } from '../test/actor.ts'
import { createEnvelope, toJson } from './envelope.ts'
import { isMarketError } from './errors.ts'
import { acceptLease, deriveLeaseDigest, LeaseOffer, openLease } from './lease.ts'

const [aggregator, provider, stranger] = ['aggregator', 'provider', 'stranger'].map(createSigner)
const body = LeaseOffer.parse({
  chainId: 1,
  escrow: stranger!.address,
  orderId: named('order'),
  specHash: named('spec'),
  shard: 0,
  attempt: 1,
  aggregator: aggregator!.address,
  provider: provider!.address,
  priceUsdc: '1000000',
  acceptByMs: 1,
  commitByMs: 2,
})
const offer = await createEnvelope('lease/1', toJson(body), aggregator!)
const invalid = (error: unknown): boolean => isMarketError(error) && error.code === 'signature-invalid'

describe('a lease', () => {
  it('is signed by both sides over the same text', async () => {
    assert.deepEqual(openLease(await acceptLease(offer, provider!)), body)
    assert.match(deriveLeaseDigest(offer), /^0x[0-9a-f]{64}$/)
  })

  it('needs the two sides that it names', async () => {
    const byStranger = await createEnvelope('lease/1', toJson(body), stranger!)
    assert.throws(() => openLease({ offer, acceptance: offer.signature }), invalid)
    for (const lease of [
      await acceptLease(offer, stranger!),
      await acceptLease(byStranger, provider!),
      await acceptLease(offer, aggregator!),
    ])
      assert.throws(() => openLease(lease), invalid)
  })

  it('does not stretch to another offer', async () => {
    const { acceptance } = await acceptLease(offer, provider!)
    const dearer = await createEnvelope('lease/1', { ...(toJson(body) as object), priceUsdc: '2' }, aggregator!)
    assert.throws(() => openLease({ offer: dearer, acceptance }), invalid)
  })
})
