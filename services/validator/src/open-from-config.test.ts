import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { loadValidatorConfig } from './open-from-config.ts'

const needed = {
  ASSAY_HOME: '/nowhere/assay',
  ASSAY_RPC_URLS: 'http://127.0.0.1:8545',
  ASSAY_ESCROW: `0x${'ab'.repeat(20)}`,
}

describe('configuration of a validator', () => {
  it('needs a chain and an escrow, and has a default for all else', async () => {
    const config = await loadValidatorConfig(needed)
    assert.equal(config.dataDir, '/nowhere/assay/validator')
    assert.equal(config.keystore, '/nowhere/assay/operator.json')
    assert.equal(config.auditSlots, undefined)
    assert.equal((await loadValidatorConfig({ ...needed, ASSAY_AUDIT_SLOTS: '2' })).auditSlots, 2)
  })

  it('refuses what cannot be', async () => {
    await assert.rejects(loadValidatorConfig({ ...needed, ASSAY_AUDIT_SLOTS: '0' }), { code: 'config-invalid' })
    await assert.rejects(loadValidatorConfig({ ASSAY_HOME: '/nowhere/assay' }), { code: 'config-invalid' })
  })
})
