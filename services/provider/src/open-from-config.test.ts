import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { usdc } from '@assay/protocol'
import { loadProviderConfig } from './open-from-config.ts'

const needed = {
  ASSAY_HOME: '/nowhere/assay',
  ASSAY_RPC_URLS: 'http://127.0.0.1:8545,http://127.0.0.1:8546',
  ASSAY_ESCROW: `0x${'ab'.repeat(20)}`,
}

describe('configuration of a provider', () => {
  it('needs a chain and an escrow, and has a default for all else', async () => {
    const config = await loadProviderConfig(needed)
    assert.deepEqual(config.rpcUrls, ['http://127.0.0.1:8545', 'http://127.0.0.1:8546'])
    assert.equal(config.dataDir, '/nowhere/assay/provider')
    assert.equal(config.keystore, '/nowhere/assay/operator.json')
    assert.equal(config.minPriceUsdc, usdc(1_000n))
    assert.deepEqual(config.classes, ['D1', 'D2'])
    assert.equal(config.slots, undefined)
  })

  it('reads every setting from the environment', async () => {
    const env = {
      ...needed,
      ASSAY_MIN_PRICE_USDC: '0.25',
      ASSAY_SLOTS: '3',
      ASSAY_PRIVATE_NETWORK: 'true',
      ASSAY_CPUS: '1500',
    }
    const config = await loadProviderConfig(env)
    assert.equal(config.minPriceUsdc, usdc(250_000n))
    assert.equal(config.slots, 3)
    assert.equal(config.privateNetwork, true)
    assert.equal(config.cpus, 1500)
  })

  it('names the setting that is wrong, and where it came from', async () => {
    for (const [env, field] of [
      [{ ...needed, ASSAY_MIN_PRICE_USDC: 'much' }, 'minPriceUsdc'],
      [{ ...needed, ASSAY_SLOTS: '0' }, 'slots'],
      [{ ...needed, ASSAY_ESCROW: '0x12' }, 'escrow'],
      [{ ASSAY_HOME: '/nowhere/assay' }, 'rpcUrls'],
    ] as const) {
      await assert.rejects(loadProviderConfig(env), (error: unknown) => {
        assert.ok(error instanceof Error && 'code' in error && 'details' in error)
        assert.equal(error.code, 'config-invalid')
        assert.equal(Object.fromEntries(Object.entries(error.details as object))['field'], field)
        return true
      })
    }
  })

  it('fails when a person named a file that is not there', async () => {
    await assert.rejects(loadProviderConfig({ ...needed, ASSAY_CONFIG: '/nowhere/provider.json' }), {
      code: 'config-invalid',
    })
  })
})
