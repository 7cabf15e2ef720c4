import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import fc from 'fast-check'
import { privateKeyToAccount } from 'viem/accounts'
import { bytesToHex, hexToBytes, keccakText } from './canonical.ts'
import { deriveAddress, derivePublicKey, recoverSigner, recoverSlowly, signDigest } from './signing.ts'
import { asAddress, asHash, type Hex, type PrivateKey, type Signature } from './units.ts'

const key = asHash<PrivateKey>(keccakText('a key'))
const digest = keccakText('a digest')
const signature = signDigest(digest, key)
const owner = deriveAddress(derivePublicKey(key))
const privateKeys = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map(bytesToHex)
  .filter((hex) => BigInt(hex) > 0n && BigInt(hex) < order)
const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

describe('signatures', () => {
  it('recover to the signer, whose address is that of every other wallet', () => {
    fc.assert(
      fc.property(privateKeys, fc.string(), (hex, text) => {
        const privateKey = asHash<PrivateKey>(hex)
        const message = keccakText(text)
        const address = deriveAddress(derivePublicKey(privateKey))
        assert.equal(address, asAddress(privateKeyToAccount(hex).address))
        assert.equal(recoverSigner(message, signDigest(message, privateKey)), address)
      }),
      { numRuns: 15 },
    )
  })

  it('are deterministic and have a low s', () => {
    assert.equal(signDigest(digest, key), signature)
    assert.match(signature, /^0x[0-9a-f]{128}1[bc]$/)
    assert.ok(BigInt(`0x${signature.slice(66, 130)}`) <= order / 2n)
  })

  it('have no second form: high s and other recovery values are refused', () => {
    const s = order - BigInt(`0x${signature.slice(66, 130)}`)
    const v = signature.endsWith('1b') ? '1c' : '1b'
    const high = `${signature.slice(0, 66)}${s.toString(16).padStart(64, '0')}${v}` as Signature
    // The same curve point: a library that takes high s accepts it.
    const raw = secp256k1.Signature.fromBytes(hexToBytes(high).slice(0, 64), 'compact')
    const publicKey = raw
      .addRecoveryBit(v === '1c' ? 1 : 0)
      .recoverPublicKey(hexToBytes(digest))
      .toBytes()
    assert.deepEqual(bytesToHex(publicKey), derivePublicKey(key))
    assert.equal(recoverSigner(digest, high), undefined)
    for (const end of ['00', '01', '1a', '1d', '25', 'ff'])
      assert.equal(recoverSigner(digest, `${signature.slice(0, -2)}${end}` as Signature), undefined, end)
  })

  it('recover to what the slow implementation finds, for any 64 bytes', () => {
    const words = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n })
    const edges = fc.constantFrom(0n, 1n, order - 1n, order, 2n ** 256n - 1n, order / 2n, order / 2n + 1n)
    const scalar = fc.oneof(words, edges)
    fc.assert(
      fc.property(scalar, scalar, fc.constantFrom('1b', '1c'), words, (r, s, v, message) => {
        const hex = (n: bigint): string => n.toString(16).padStart(64, '0')
        const any: Signature = asHash(`0x${hex(r)}${hex(s)}${v}`)
        const slow = (): string | undefined => {
          try {
            return recoverSlowly(`0x${hex(message)}`, any)
          } catch {
            return undefined
          }
        }
        assert.equal(recoverSigner(`0x${hex(message)}`, any), s > order / 2n ? undefined : slow())
      }),
      { numRuns: 60 },
    )
  })

  it('are refused for a digest of another length', () => {
    assert.equal(recoverSigner(`${digest}00`, signature), undefined)
    assert.equal(recoverSigner('0x', signature), undefined)
  })

  it('never recover to the signer when any nibble of signature or digest changes', () => {
    const flip = (hex: Hex, at: number): Hex =>
      `0x${hex.slice(2, at)}${(Number.parseInt(hex[at]!, 16) ^ 1).toString(16)}${hex.slice(at + 1)}`
    for (let at = 2; at < 132; at += 7)
      assert.notEqual(recoverSigner(digest, asHash<Signature>(flip(signature, at))), owner, `${at}`)
    for (let at = 2; at < 66; at += 9) assert.notEqual(recoverSigner(flip(digest, at), signature), owner)
  })

  it('refuse malformed bytes without throwing', () => {
    const zeros = `0x${'00'.repeat(64)}1b`
    for (const bad of [
      '0x',
      '',
      signature.slice(0, -2),
      `${signature}00`,
      signature.toUpperCase(),
      zeros,
      `0x${'ff'.repeat(64)}1b`,
    ])
      assert.equal(recoverSigner(digest, bad as Signature), undefined)
  })

  it('need a public key that is a point', () => {
    assert.throws(() => deriveAddress(`0x02${'ff'.repeat(32)}` as never))
  })
})
