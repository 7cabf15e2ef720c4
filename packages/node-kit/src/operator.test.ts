import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { keccakText, recoverSigner, type PrivateKey } from '@assay/protocol'
import { openOperator } from './operator.ts'
import { createPrivateKey, parsePrivateKey } from './private-key.ts'

const privateKey = parsePrivateKey(`0x${'7f3a'.repeat(16)}`, 'test')
const half = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n

describe('openOperator', () => {
  it('derives the address that Ethereum tools derive', () => {
    // The first account of the test mnemonic that Hardhat and Anvil share.
    const known = parsePrivateKey('0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80', 'test')
    const operator = openOperator(known)
    assert.equal(operator.address, '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266')
    assert.match(operator.publicKey, /^0x0[23][0-9a-f]{64}$/)
  })

  it('signs 65 bytes with low s and v 27 or 28, always the same, that recover to its address', async () => {
    const seen = new Set<string>()
    for (let i = 0; i < 40; i += 1) {
      const operator = openOperator(createPrivateKey())
      const digest = keccakText(`digest ${i}`)
      const signature = await operator.sign(digest)
      assert.match(signature, /^0x[0-9a-f]{128}(?:1b|1c)$/)
      assert.ok(BigInt(`0x${signature.slice(66, 130)}`) <= half)
      assert.equal(recoverSigner(digest, signature), operator.address)
      assert.equal(await operator.sign(digest), signature)
      seen.add(signature.slice(-2))
    }
    assert.equal(seen.size, 2)
  })

  it('shows its private key to nobody', () => {
    const operator = openOperator(privateKey)
    const shown = JSON.stringify(operator) + inspect(operator, { depth: 9, showHidden: true }) + String(operator.sign)
    assert.ok(!shown.includes('7f3a7f3a'))
  })

  it('refuses digests of another length and keys off the curve, without repeating them', async () => {
    await assert.rejects(openOperator(privateKey).sign('0x00'), RangeError)
    const order = 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141'
    for (const bad of ['', '0x', '0x12', '00'.repeat(32), order, `0x${'g'.repeat(64)}`, '7f3a'.repeat(17)]) {
      assert.throws(
        () => openOperator(bad as PrivateKey),
        (error: Error & { code?: string }) => {
          assert.equal(error.code, 'keystore-invalid')
          assert.ok(bad.length < 8 || !inspect(error).includes(bad.slice(2, 40)))
          return true
        },
      )
    }
  })

  it('reads keys with or without 0x, in either case, with a line end', () => {
    for (const text of [privateKey.slice(2), privateKey.toUpperCase().replace('X', 'x'), `${privateKey}\n`]) {
      assert.equal(parsePrivateKey(text, 'test'), privateKey)
    }
  })
})
