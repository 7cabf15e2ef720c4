import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { hashInputs } from '../../../sdk/src/hash-inputs.ts'
import { draftSpec, finishSpec } from '../../../sdk/src/build-spec.ts'
import { fixedConditions } from '../../../runner/src/job-environment.ts'
import { gateConditions } from '@assay/core'
import { asAddress, isMarketError, usdc, type JobSpec } from '@assay/protocol'
import type { InputFile, MapOptions, ShardInput } from '@assay/sdk'
import { createCheckSpec, listShards } from './check-inputs.ts'

const fileOf = (path: string, text: string): InputFile => ({
  path,
  size: text.length,
  executable: text.startsWith('#!'),
  open: () => new Blob([text]),
})
const shards: readonly ShardInput[] = [
  { name: 'one', files: [fileOf('one', 'a')] },
  { name: 'two', files: [fileOf('x/y', '#!b'), fileOf('z', 'c')], args: ['--fast'] },
  { name: 'three', files: [fileOf('q', 'a')], subject: 'word' },
]
const jobOf = (parts: Partial<MapOptions> = {}): MapOptions => ({
  image: `sha256:${'a'.repeat(64)}`,
  command: ['run', '{}', 'and {}'],
  inputs: shards,
  ...parts,
})

/** What the client library makes of the same job. */
async function marketSpec(job: MapOptions): Promise<JobSpec> {
  const { signal } = new AbortController()
  const hashed = await hashInputs(job.inputs, job.shared ?? [], () => undefined, signal)
  const money = { client: asAddress(`0x${'11'.repeat(20)}`), priceUsdc: usdc(5n), auditFeeUsdc: usdc(2n) }
  return finishSpec(draftSpec(job, hashed, money), `age1${'z'.repeat(58)}`)
}
async function checkSpec(job: MapOptions, market: JobSpec): Promise<JobSpec> {
  const { shards: listed } = await listShards(job, 99)
  return createCheckSpec(
    job,
    market.sharedInputs,
    listed.map((shard, i) => ({ ...shard, inputs: market.shards[i]?.inputs ?? [] })),
  )
}

describe('createCheckSpec', () => {
  const jobs: Readonly<Record<string, MapOptions>> = {
    'with defaults': jobOf(),
    'without substitution': jobOf({ substitute: false, captureStdout: false }),
    'with nothing to substitute': jobOf({ command: ['true'] }),
    'with everything set': jobOf({
      env: { A: 'b' },
      shared: [fileOf('lib/s', 's')],
      resources: { cpus: 1.5, memoryBytes: 2 ** 26, diskBytes: 2 ** 25, pids: 9 },
      timeLimitMs: 1500,
      outputBytes: 1000,
    }),
  }
  for (const [name, job] of Object.entries(jobs))
    it(`describes the same work as a job on the market: ${name}`, async () => {
      const market = await marketSpec(job)
      const { client, priceUsdc, auditFeeUsdc, auditBudgetUsdc, sealTo } = market
      assert.deepEqual(
        { ...(await checkSpec(job, market)), client, priceUsdc, auditFeeUsdc, auditBudgetUsdc, sealTo },
        market,
      )
    })

  it('names the field that is wrong', async () => {
    const job = jobOf({ resources: { cpus: Number.NaN } })
    const market = await marketSpec(jobOf())
    await assert.rejects(
      checkSpec(job, market),
      (error) => isMarketError(error) && error.code === 'spec-invalid' && error.details['field'] === 'resources.cpus',
    )
  })
})

describe('listShards', () => {
  it('takes as many as asked, says whether there are more, and adds up what must be staged', async () => {
    const some = await listShards(jobOf({ shared: [fileOf('s', 'shared')] }), 2)
    assert.deepEqual([some.shards.map(({ name }) => name), some.more, some.inputBytes], [['one', 'two'], true, 11])
    assert.equal((await listShards(jobOf(), 3)).more, false)
  })

  it('refuses a job without inputs', async () => {
    await assert.rejects(
      listShards(jobOf({ inputs: [] }), 3),
      (error) => isMarketError(error) && error.code === 'spec-invalid',
    )
  })
})

describe('the first run of a check', () => {
  it('has the conditions of every paid run', () => {
    for (const cpuCount of [1, 4]) assert.deepEqual(gateConditions(0, cpuCount, 8), { ...fixedConditions, cpuCount })
  })
})
