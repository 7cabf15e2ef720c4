import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { z } from 'zod'
import { createSigner } from '../test/actor.ts'
import { keccakText } from './canonical.ts'
import {
  createEnvelope,
  decodeFrame,
  deriveEnvelopeDigest,
  encodeFrame,
  openEnvelope,
  parseMessage,
  toJson,
  type Envelope,
} from './envelope.ts'
import { isMarketError } from './errors.ts'
import { usdcSchema } from './schema.ts'

const Body = z.strictObject({ a: z.int(), b: z.string(), c: usdcSchema.optional() })
const signer = createSigner('signer')
const stranger = createSigner('stranger')
const code = (expected: string) => (error: unknown) => isMarketError(error) && error.code === expected
const raw = async (payload: string): Promise<Envelope> => ({
  kind: 'request/1',
  payload,
  signer: signer.address,
  signature: await signer.sign(deriveEnvelopeDigest('request/1', payload)),
})

describe('envelopes', () => {
  it('carry a body under its signer', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({ a: fc.maxSafeInteger(), b: fc.string({ unit: 'grapheme' }) }, { noNullPrototype: true }),
        async (body) => {
          const envelope = await createEnvelope('request/1', body, signer)
          assert.deepEqual(openEnvelope('request/1', Body, envelope), body)
          assert.equal(envelope.signer, signer.address)
        },
      ),
      { numRuns: 15 },
    )
  })

  it('sign kind and text', () => {
    assert.equal(deriveEnvelopeDigest('lease/1', '{"a":1}'), keccakText('assay/1\nlease/1\n{"a":1}'))
  })

  it('refuse another kind, text, signer or signature', async () => {
    const envelope = await createEnvelope('request/1', { a: 1, b: 'x' }, signer)
    const forged: readonly Envelope[] = [
      { ...envelope, kind: 'lease/1' },
      { ...envelope, payload: envelope.payload.replace('1', '2') },
      { ...envelope, payload: ` ${envelope.payload}` },
      { ...envelope, signer: stranger.address },
      { ...envelope, signature: await stranger.sign(deriveEnvelopeDigest('request/1', envelope.payload)) },
      { ...envelope, signature: await signer.sign(deriveEnvelopeDigest('lease/1', envelope.payload)) },
    ]
    for (const one of forged) assert.throws(() => openEnvelope('request/1', Body, one), code('signature-invalid'))
    assert.throws(() => openEnvelope('lease/1', Body, envelope), code('signature-invalid'))
  })

  it('refuse signed text that is not canonical, so that no two readers differ', async () => {
    for (const text of [
      '{"b":"x","a":1}',
      '{"a": 1,"b":"x"}',
      '{"a":2,"a":1,"b":"x"}',
      '{"a":1.0,"b":"x"}',
      '{"a":1,"b":"\\u0078"}',
      '{"a":1,"b":"\\ud800"}',
      'x',
      '',
    ])
      await assert.rejects(
        async () => openEnvelope('request/1', Body, await raw(text)),
        code('message-malformed'),
        text,
      )
    assert.deepEqual(openEnvelope('request/1', Body, await raw('{"a":1,"b":"x"}')), { a: 1, b: 'x' })
  })

  it('refuse a body of another shape', async () => {
    for (const body of [{}, { a: 1 }, { a: 1, b: 'x', d: 1 }, { a: '1', b: 'x' }, [], null, 'text'])
      await assert.rejects(
        async () => openEnvelope('request/1', Body, await createEnvelope('request/1', body, signer)),
        code('message-malformed'),
      )
  })
})

describe('frames', () => {
  it('carry bigints as decimal strings', () => {
    const message = Body.parse({ a: 1, b: 'é', c: '5' })
    assert.equal(new TextDecoder().decode(encodeFrame(message)), '{"a":1,"b":"é","c":"5"}')
    assert.deepEqual(decodeFrame(Body, encodeFrame(message), 'body'), message)
  })

  it('name the first place that is wrong', () => {
    const wrong = new TextEncoder().encode('{"a":1,"b":2}')
    assert.throws(
      () => decodeFrame(Body, wrong, 'body'),
      (error) =>
        isMarketError(error) &&
        error.code === 'message-malformed' &&
        error.details['path'] === 'b' &&
        error.details['what'] === 'body',
    )
    for (const bytes of [new Uint8Array(0), Uint8Array.of(0xff, 0xfe), new TextEncoder().encode('{"a":')])
      assert.throws(() => decodeFrame(Body, bytes, 'body'), code('message-malformed'))
  })

  it('never throw anything else, whatever arrives', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => new TextEncoder().encode(text)),
        ),
        (bytes) => {
          try {
            decodeFrame(Body, bytes, 'body')
          } catch (error) {
            assert.ok(isMarketError(error) && error.code === 'message-malformed')
          }
        },
      ),
    )
  })

  it('hold wire values only', () => {
    for (const value of [undefined, () => 1, Symbol('x')]) assert.throws(() => toJson([value]), TypeError)
    assert.deepEqual(toJson({ a: 1n, b: undefined, c: [2n, null, true] }), { a: '1', c: ['2', null, true] })
  })
})

describe('parseMessage', () => {
  it('says where an unknown key stands', () => {
    assert.throws(
      () => parseMessage(z.strictObject({ inner: Body }), { inner: { a: 1, b: 'x', z: 1 } }, 'outer'),
      (error) => isMarketError(error) && error.details['path'] === 'inner',
    )
  })
})
