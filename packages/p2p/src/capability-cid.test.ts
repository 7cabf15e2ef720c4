import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { deriveCapabilityCid, isCapabilityKey } from './capability-cid.ts'

describe('capability keys in the DHT', () => {
  it('are named by a raw sha2-256 CID, the only hash that nodes store providers for', async () => {
    const cid = await deriveCapabilityCid('assay/1/class/d1')
    assert.equal(cid.version, 1)
    assert.equal(cid.code, 0x55)
    assert.equal(cid.multihash.code, 0x12)
    assert.equal(cid.toString(), 'bafkreib4m3hlap73mhbix2s2c2z7gqmyp342tyahdkkq5qh7fpbkdfogia')
  })

  it('have the prefix, no spaces or control characters, and a bounded length', () => {
    assert.ok(isCapabilityKey('assay/1/image/sha256:ab', 64))
    for (const text of [
      '',
      'assay/1/',
      'assay/2/x',
      'assay/1/a b',
      'assay/1/a\n',
      'assay/1/é',
      `assay/1/${'x'.repeat(60)}`,
    ])
      assert.equal(isCapabilityKey(text, 64), false, text)
  })
})
