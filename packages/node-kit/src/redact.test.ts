import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { MarketError } from '@assay/protocol'
import { limits } from './limits.ts'
import { createRedactor, redacted, redactText } from './redact.ts'

const redact = createRedactor()
const key = `0x${'7f3a'.repeat(16)}`
const hash = `0x${'c0de'.repeat(16)}`
const textOf = (value: unknown): string => JSON.stringify(redact(value)) ?? ''

describe('createRedactor', () => {
  it('drops whatever stands under a name of a secret, at any depth and in any case style', () => {
    const names = [
      'privateKey',
      'private_key',
      'PRIVATE-KEY',
      'operatorPrivateKey',
      'secret',
      'clientSecret',
      'secretKey',
      'apiKey',
      'passphrase',
      'password',
      'ASSAY_PASSPHRASE',
      'mnemonic',
      'seed',
      'seedPhrase',
      'preimage',
      'paymentPreimage',
      'walletUri',
      'wallet_url',
      'nwc',
      'nwcUri',
      'nsec',
      'authorization',
      'cookie',
      'credentials',
      'accessToken',
      'salt',
    ]
    for (const name of names) {
      for (const value of [
        'plain words',
        12345,
        2n ** 200n,
        [1, 2, 3],
        { a: { b: 'plain words' } },
        new Uint8Array(32),
      ]) {
        assert.deepEqual(redact({ a: [{ [name]: value }] }), { a: [{ [name]: redacted }] }, name)
      }
    }
  })

  it('drops 32-byte hex under any name that speaks of a key, with and without 0x, however deep below it', () => {
    const names = ['key', 'keys', 'operatorKey', 'KEY', 'sk', 'priv', 'keystore', 'signer_key']
    const shapes = [
      key,
      key.slice(2),
      key.toUpperCase(),
      ` ${key}\n`,
      `${key} and more`,
      [key],
      { inner: { value: key } },
    ]
    for (const name of names) {
      for (const shape of shapes) {
        assert.ok(
          !textOf({ deep: [{ [name]: shape }] })
            .toLowerCase()
            .includes('7f3a7f3a'),
          `${name}: ${inspect(shape)}`,
        )
      }
    }
    assert.deepEqual(redact({ key: BigInt(key) }), { key: redacted })
    assert.deepEqual(redact({ key: [...new Uint8Array(32)] }), { key: redacted })
  })

  it('leaves what a reader needs: hashes, addresses, public keys, effect names, counts', () => {
    const fields = {
      orderId: hash,
      resultRoot: hash,
      provider: `0x${'ab'.repeat(20)}`,
      publicKey: `0x02${'cd'.repeat(32)}`,
      key: 'settle:batch-7',
      effect: `settle:${hash}`,
      token: `0x${'ab'.repeat(20)}`,
      seedRound: 1000,
      monkey: hash,
      attempts: 3,
      ok: true,
      none: null,
    }
    assert.deepEqual(redact(fields), fields)
  })

  it('recognises secrets by their shape in any text', () => {
    const texts = [
      'nostr+walletconnect://b889ff5b?relay=wss%3A%2F%2Frelay&secret=71a8c14c',
      `nsec1${'qpzry9x8gf2tvdw0s3jn54khce6mua7l'.repeat(2).slice(0, 58)}`,
      `AGE-SECRET-KEY-1${'QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L'.repeat(2).slice(0, 58)}`,
      `-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE71a8c14c\n-----END EC PRIVATE KEY-----`,
      'Authorization: Bearer 71a8c14c.71a8c14c-x',
      'https://user:71a8c14c@rpc.example/path',
      'password=71a8c14c',
      `{"passphrase":"71a8c14c"}`,
      'preimage: 71a8c14c',
      `the private key is ${key}`,
      `key ${key.slice(2)}`,
    ]
    for (const text of texts) {
      for (const shown of [redactText(`before ${text} after`), textOf({ note: text }), textOf(new Error(text))]) {
        assert.ok(shown.includes(redacted), text)
        for (const secret of ['71a8c14c', '7f3a7f3a', 'qpzry9x8gf2t', 'QPZRY9X8GF2T'])
          assert.ok(!shown.includes(secret), shown)
      }
    }
  })

  it('keeps the readable part of a text around a secret', () => {
    assert.equal(redactText('https://user:pass@rpc.example/v1'), `https://${redacted}@rpc.example/v1`)
    assert.equal(redactText('connect failed to 127.0.0.1:9000'), 'connect failed to 127.0.0.1:9000')
  })

  it('drops listed secrets wherever they stand, in any spelling', () => {
    const strict = createRedactor([key, 'correct horse (battery)'])
    const shown = JSON.stringify(
      strict({ root: key, upper: key.toUpperCase(), bare: `x${key.slice(2)}y`, note: 'correct horse (battery)!' }),
    )
    assert.ok(!/7f3a7f3a|horse/i.test(shown), shown)
    assert.ok(textOf({ root: key }).includes(key), 'without the list it could be any hash')
  })

  it('reads errors with cause and details', () => {
    const error = new MarketError('internal', `password=hunter2`, {
      details: { preimage: 'abc', shard: 4 },
      cause: new Error('nsec1' + 'q'.repeat(58)),
    })
    const shown = textOf({ error })
    assert.ok(!/hunter2|abc"|qqqq/.test(shown), shown)
    assert.ok(shown.includes('"code":"internal"') && shown.includes('"shard":4') && shown.includes('stack'))
  })

  it('is total: cycles, depth, size, hostile objects', () => {
    const loop: Record<string, unknown> = { name: 'loop' }
    loop['self'] = loop
    assert.deepEqual(redact(loop), { name: 'loop', self: '[circular]' })
    const shared = { n: 1 }
    assert.deepEqual(redact({ a: shared, b: shared }), { a: { n: 1 }, b: { n: 1 } })
    let deep: unknown = 'bottom'
    for (let i = 0; i < 50; i += 1) deep = { deep }
    assert.ok(textOf(deep).includes('[deep]'))
    assert.ok(textOf('x'.repeat(100_000)).length <= limits.logTextChars + 10)
    assert.ok(textOf(Array.from({ length: 1000 }, () => 1)).includes('[936 more]'))
    assert.equal(
      redact({
        get bad(): never {
          throw new Error('no')
        },
      }),
      '[unreadable]',
    )
    assert.deepEqual(
      redact({ f: () => 1, u: undefined, d: new Date(0), m: new Map([['secret', 1]]), b: new Uint8Array(3) }),
      {
        d: '1970-01-01T00:00:00.000Z',
        m: { secret: redacted },
        b: '[3 bytes]',
      },
    )
  })

  it('never cuts a secret into a piece that it no longer recognises', () => {
    for (let at = limits.logTextChars - 80; at < limits.logTextChars + 2; at += 1) {
      const shown = textOf({ key: `${'-'.repeat(at)}${key}` })
      assert.ok(!shown.includes('7f3a7f3a'), String(at))
    }
  })

  it('lets no secret through, whatever surrounds it', () => {
    const canary = 'CANARY5e3f'
    const wrapped = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom<unknown>(
          { privateKey: canary },
          { a: 1, wallet_uri: [canary] },
          new Error(`passphrase: ${canary}`),
          `nostr+walletconnect://${canary}`,
        ),
        fc.array(tie('tree'), { minLength: 1, maxLength: 3 }),
        fc.dictionary(fc.string(), tie('tree'), { minKeys: 1, maxKeys: 3 }),
        fc.string().map((name) => new Map([[name, { secret: canary }]])),
      ),
    })).tree
    fc.assert(
      fc.property(wrapped, (value) => !textOf(value).includes(canary)),
      { numRuns: 300 },
    )
  })
})
