/** Class DX: nobody audits, the client looks and pays for what it accepts. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { collectFiles } from '../src/index.ts'
import { balance, fails, two } from './fixture/expect.ts'
import { openScene } from './fixture/open-scene.ts'

const unjudged = { ...two, determinism: 'DX' } as const

test('pays for every result that opens, and for nothing else', async () => {
  await using scene = await openScene()
  const before = await balance(scene)
  const client = await scene.open({ chain: { reader: scene.world.chain.reader } })
  const job = await client.map(unjudged)
  assert.deepEqual([job.terms.quorumId, job.spec.auditBudgetUsdc], [0, 0n])
  const names: string[] = []
  for await (const output of job.results()) names.push(`${output.name} ${(await collectFiles(output)).stdout}`)
  assert.deepEqual(names, ['a 5 a\n', 'b 11 b\n'])
  const { accepted, chargedUsdc, refused } = await job.accept()
  assert.deepEqual([accepted, refused, chargedUsdc], [[0, 1], [], 202_000n])
  assert.equal(client.spending().takenUsdc, 202_000n)
  const { reader } = scene.world.chain
  const order = await reader.order(job.id, new AbortController().signal)
  assert.deepEqual([order.status, order.remaining], ['settled', job.terms.maxAmount - 202_000n])
  assert.ok((await balance(scene)) < before)
})

test('refuses a result that does not open, by itself or with an error when it was named', async () => {
  await using scene = await openScene()
  scene.aggregator.bend.lie = (opening, shard) =>
    shard === 0 ? { ...opening, salt: `0x${'55'.repeat(32)}` as never } : opening
  const job = await scene.client.map(unjudged)
  await assert.rejects(job.accept({ shards: [0] }), fails('result-invalid'))
  await assert.rejects(job.accept({ shards: [7] }), fails('job-incomplete'))
  const { accepted, refused } = await job.accept()
  assert.deepEqual([accepted, refused], [[1], [{ shard: 0, code: 'result-invalid' }]])
})

test('does without the aggregator when it stays away, and is for class DX alone', async () => {
  await using scene = await openScene()
  const { chain, client: actor } = scene.world
  let away = false
  const client = await scene.open({
    chain: { reader: chain.reader, writer: chain.writer(actor.address) },
    fetch: async (url, init) => {
      if (away && init?.method === 'POST') throw new TypeError('away')
      return fetch(url, init)
    },
  })
  await assert.rejects((await client.map(two)).accept(), fails('job-state'))
  const job = await client.map(unjudged)
  for await (const { type } of job.events()) if (type === 'job.settling') break
  away = true
  const { accepted } = await job.accept({ shards: [1] })
  assert.deepEqual(accepted, [1])
  assert.equal((await chain.reader.order(job.id, new AbortController().signal)).status, 'settled')
})
