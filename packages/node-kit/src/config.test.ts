import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { z } from 'zod'
import { loadConfig } from './config.ts'
import { listSettings } from './settings.ts'

const schema = z.strictObject({
  dataDir: z.string().min(1),
  listen: z
    .strictObject({ host: z.string().default('127.0.0.1'), port: z.int().min(0).max(65_535).default(0) })
    .prefault({}),
  chain: z.strictObject({ rpcUrl: z.url().describe('Where the chain answers'), confirmations: z.int().optional() }),
  topics: z.array(z.string()).default([]),
  ports: z.array(z.int()).default([]),
  price: z.string().regex(/^\d+$/).transform(BigInt).optional(),
  limits: z.record(z.string(), z.int()).optional(),
  gpu: z.boolean().default(false),
})
const defaults = { dataDir: '/data', chain: { rpcUrl: 'http://default' } }
const env = {}

describe('loadConfig', () => {
  it('lets flags win over variables, variables over defaults, field by field', async () => {
    const config = await loadConfig(schema, {
      defaults,
      env: {
        ASSAY_CHAIN_RPC_URL: 'http://env',
        ASSAY_CHAIN_CONFIRMATIONS: '3',
        ASSAY_LISTEN_PORT: '9',
        ASSAY_UNRELATED: 'x',
      },
      flags: { 'listen.port': '10', dataDir: undefined },
    })
    assert.deepEqual(config, {
      dataDir: '/data',
      listen: { host: '127.0.0.1', port: 10 },
      chain: { rpcUrl: 'http://env', confirmations: 3 },
      topics: [],
      ports: [],
      gpu: false,
    })
  })

  it('reads text as the type that the schema wants', async () => {
    const config = await loadConfig(schema, {
      defaults,
      env: {
        ASSAY_TOPICS: 'a, b ,,c',
        ASSAY_PORTS: '[1, 2]',
        ASSAY_GPU: '1',
        ASSAY_PRICE: '18446744073709551615',
        ASSAY_LIMITS: '{"a":1}',
        ASSAY_DATA_DIR: '007',
        ASSAY_LISTEN_HOST: '',
      },
    })
    assert.deepEqual(config.topics, ['a', 'b', 'c'])
    assert.deepEqual(config.ports, [1, 2])
    assert.equal(config.gpu, true)
    assert.equal(config.price, 2n ** 64n - 1n)
    assert.deepEqual(config.limits, { a: 1 })
    assert.equal(config.dataDir, '007')
    assert.equal(config.listen.host, '127.0.0.1')
  })

  it('names the field and the source of a bad value, and never the value', async () => {
    const cases = [
      [{ env: { ASSAY_CHAIN_RPC_URL: 'hunter2' } }, 'chain.rpcUrl', 'environment ASSAY_CHAIN_RPC_URL'],
      [{ env: { ASSAY_LISTEN_PORT: 'hunter2' } }, 'listen.port', 'environment ASSAY_LISTEN_PORT'],
      [
        { env: { ASSAY_LISTEN_PORT: '70000' }, flags: { 'listen.host': 'h' } },
        'listen.port',
        'environment ASSAY_LISTEN_PORT',
      ],
      [{ env: { ASSAY_PORTS: '1,hunter2' } }, 'ports.1', 'environment ASSAY_PORTS'],
      [{ env, flags: { 'listen.port': -1 } }, 'listen.port', 'flag --listen.port'],
      [{ env, flags: { 'listen.prt': 'hunter2' } }, 'listen.prt', 'flag --listen.prt'],
      [{ env, defaults: { ...defaults, dataDir: '' } }, 'dataDir', 'default'],
      [{ env, defaults: { ...defaults, chain: { rpcUrl: 'http://x', extra: 'hunter2' } } }, 'chain.extra', 'default'],
      [{ env, defaults: { dataDir: '/data' } }, 'chain', 'nowhere'],
      [{ env, defaults: { dataDir: '/data', chain: {} } }, 'chain.rpcUrl', 'nowhere'],
    ] as const
    for (const [sources, field, source] of cases) {
      await assert.rejects(
        loadConfig(schema, { defaults, ...sources }),
        (error: Error & { code?: string; details?: Record<string, string> }) => {
          assert.equal(error.code, 'config-invalid')
          assert.equal(error.details?.['field'], field)
          assert.equal(error.details['source'], source)
          assert.ok(!JSON.stringify(error.details).includes('hunter2') && !error.message.includes('hunter2'))
          return true
        },
      )
    }
  })

  it('names the variable that would set a missing field', async () => {
    await assert.rejects(loadConfig(schema, { env, defaults: { dataDir: '/d', chain: {} } }), {
      details: {
        env: 'ASSAY_CHAIN_RPC_URL',
        field: 'chain.rpcUrl',
        source: 'nowhere',
        problem: 'Invalid input: expected string, received undefined',
      },
    })
  })

  it('cannot be led to touch prototypes', async () => {
    const hostile: unknown = JSON.parse('{"__proto__":{"polluted":1},"dataDir":"/d"}')
    await assert.rejects(loadConfig(schema, { env, defaults: hostile as Record<string, unknown> }), {
      code: 'config-invalid',
    })
    assert.equal(Object.hasOwn(Object.prototype, 'polluted'), false)
  })
})

describe('listSettings', () => {
  it('lists every leaf with its variable and description', () => {
    const settings = listSettings(schema)
    assert.deepEqual(
      settings.map(({ name, env }) => [name, env]),
      [
        ['dataDir', 'ASSAY_DATA_DIR'],
        ['listen.host', 'ASSAY_LISTEN_HOST'],
        ['listen.port', 'ASSAY_LISTEN_PORT'],
        ['chain.rpcUrl', 'ASSAY_CHAIN_RPC_URL'],
        ['chain.confirmations', 'ASSAY_CHAIN_CONFIRMATIONS'],
        ['topics', 'ASSAY_TOPICS'],
        ['ports', 'ASSAY_PORTS'],
        ['price', 'ASSAY_PRICE'],
        ['limits', 'ASSAY_LIMITS'],
        ['gpu', 'ASSAY_GPU'],
      ],
    )
    assert.equal(settings.find((one) => one.name === 'chain.rpcUrl')?.description, 'Where the chain answers')
  })

  it('is a bug when two settings share a variable', () => {
    const twins = z.strictObject({ a: z.strictObject({ b: z.string() }), aB: z.string() })
    assert.throws(() => listSettings(twins), { code: 'internal' })
  })
})
