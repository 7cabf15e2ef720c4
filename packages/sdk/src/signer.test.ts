import assert from 'node:assert/strict'
import test from 'node:test'
import { isMarketError, keccakText, recoverSigner } from '@assay/protocol'
import { createTestActor } from '@assay/testkit'
import { createSigner } from './signer.ts'

test('signs as the address of the key', async () => {
  const actor = createTestActor('client')
  const signer = createSigner(actor.privateKey)
  assert.equal(signer.address, actor.address)
  const digest = keccakText('digest')
  assert.equal(recoverSigner(digest, await signer.sign(digest)), actor.address)
})

test('refuses what is no key, without repeating it', () => {
  const order = 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141'
  for (const key of ['', '0x1234', `0x${'00'.repeat(32)}`, `0x${order}`, `${'12'.repeat(32)}`]) {
    assert.throws(
      () => createSigner(key),
      (error) => {
        assert.ok(isMarketError(error))
        assert.equal(error.code, 'config-invalid')
        assert.ok(
          key === '' || !JSON.stringify([error.message, error.details, String(error.cause)]).includes(key.slice(2)),
        )
        return true
      },
    )
  }
})
