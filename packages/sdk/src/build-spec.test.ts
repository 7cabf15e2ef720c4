import assert from 'node:assert/strict'
import test from 'node:test'
import { isMarketError, shardCommand, usdc, type MarketInfo } from '@assay/protocol'
import { createTestActor, named } from '@assay/testkit'
import { choosePrice, draftSpec, finishSpec } from './build-spec.ts'
import type { HashedInputs } from './hash-inputs.ts'
import type { TaskOptions } from './map-options.ts'

const client = createTestActor('client').address
const money = { client, priceUsdc: usdc(1000n), auditFeeUsdc: usdc(300n) }
const sealTo = `age1${'q'.repeat(58)}`
const file = (path: string) => ({ path, root: named(path), size: 1, executable: false }) as never
const hashed: HashedInputs = {
  shards: [
    { name: 'one', args: [], subject: '/in/one', inputs: [file('one')] },
    { name: 'two', args: ['-v'], subject: '/in', inputs: [file('a'), file('b')] },
  ],
  shared: [file('model.bin')],
  files: new Map(),
}
const task: TaskOptions = { image: `sha256:${'0'.repeat(64)}`, command: ['wc', '-c', '{}'] }
const build = (options: Partial<TaskOptions> = {}, over: HashedInputs = hashed) =>
  finishSpec(draftSpec({ ...task, ...options }, over, money), sealTo)
const refuses = (build: () => unknown, code: string, field?: string): void =>
  assert.throws(build, (error) => {
    assert.ok(isMarketError(error))
    assert.deepEqual(
      [error.code, ...(field === undefined ? [] : [error.details['field']])],
      [code, ...(field === undefined ? [] : [field])],
    )
    return true
  })

test('replaces {} by the subject of each shard and appends its words', () => {
  const spec = build()
  assert.deepEqual(shardCommand(spec, 0), ['wc', '-c', '/in/one'])
  assert.deepEqual(shardCommand(spec, 1), ['wc', '-c', '/in', '-v'])
})

test('leaves {} alone when asked to, and when there is none', () => {
  assert.deepEqual(shardCommand(build({ substitute: false }), 0), ['wc', '-c', '{}'])
  assert.equal(build({ command: ['true'] }).shards[0]?.subject, undefined)
})

test('budgets one audit for every shard unless told otherwise', () => {
  assert.equal(build().auditBudgetUsdc, 600n)
  assert.equal(build({ auditBudgetUsdc: '0.5' }).auditBudgetUsdc, 500_000n)
})

test('turns cores and shares into the units of the wire', () => {
  const spec = build({ resources: { cpus: 0.5, diskBytes: 8 * 1024 * 1024 }, minAuditRate: 0.1234567 })
  assert.equal(spec.resources.cpus, 500)
  assert.equal(spec.outputBytes, 8 * 1024 * 1024)
  assert.equal(spec.minAuditRatePpm, 123_457)
})

test('captures standard output and runs without a network by default', () => {
  const spec = build()
  assert.equal(spec.captureStdout, true)
  assert.equal(spec.network, 'none')
  assert.equal(spec.determinism, 'D1')
})

test('names the field that is wrong', () => {
  refuses(() => build({ image: 'busybox:latest' }), 'spec-invalid', 'image')
  refuses(() => build({ command: [] }), 'spec-invalid', 'command')
  refuses(() => build({ timeLimitMs: 1 }), 'spec-invalid', 'timeLimitMs')
  refuses(() => build({ resources: { memoryBytes: 1 } }), 'spec-invalid', 'resources.memoryBytes')
  refuses(() => build({ minAuditRate: 1.5 }), 'spec-invalid', 'minAuditRatePpm')
  refuses(() => build({ auditBudgetUsdc: 'much' }), 'spec-invalid', 'auditBudgetUsdc')
  const twice = { ...hashed, shards: [hashed.shards[0]!, hashed.shards[0]!] }
  refuses(() => build({}, twice), 'spec-invalid', 'shards')
})

test('refuses a description longer than one frame', () => {
  const args = Array.from({ length: 200 }, () => 'x'.repeat(30_000))
  refuses(() => build({}, { ...hashed, shards: [{ ...hashed.shards[0]!, args }] }), 'spec-invalid', 'shards')
})

test('pays the posted price, and never more than the caller allows', () => {
  const market = { priceUsdc: usdc(20_000n) } as MarketInfo
  assert.equal(choosePrice(task, market), 20_000n)
  assert.equal(choosePrice({ ...task, maxPricePerShardUsdc: '0.05' }, market), 20_000n)
  refuses(() => choosePrice({ ...task, maxPricePerShardUsdc: '0.019999' }, market), 'budget-too-small')
  refuses(() => choosePrice({ ...task, maxPricePerShardUsdc: '-1' }, market), 'spec-invalid', 'maxPricePerShardUsdc')
})
