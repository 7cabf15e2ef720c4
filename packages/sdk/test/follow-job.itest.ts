/** A running job: events, results as they come, the end, and the money when there is no end. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { collectFiles, type JobEvent } from '../src/index.ts'
import { openScene } from './fixture/open-scene.ts'
import { balance, collect, fails, two } from './fixture/expect.ts'

test('resumes events over many cuts, each event once', async () => {
  await using scene = await openScene()
  scene.aggregator.bend.cutEventsAfter = 2
  const job = await scene.client.map(two)
  const events = await collect(job.events())
  assert.deepEqual(
    events.map(({ seq }) => seq),
    events.map((_, i) => i + 1),
  )
  assert.equal(events.at(-1)?.type, 'job.closed')
  const resumes = scene.aggregator.resumes
  assert.deepEqual(resumes, [undefined, ...resumes.slice(1).map((_, i) => String(2 * (i + 1)))])
  assert.deepEqual((await collect(job.events({ fromSeq: 5 })))[0]?.seq, 6)
})

test('follows a running job, and stops when the caller does', async () => {
  const gate = Promise.withResolvers<void>()
  await using scene = await openScene()
  scene.aggregator.bend.before = (step) => (step === 'run' ? gate.promise : Promise.resolve())
  const job = await scene.client.map(two)
  const stop = new AbortController()
  const seen: JobEvent['type'][] = []
  const following = (async () => {
    for await (const { type } of job.events({ signal: stop.signal })) {
      seen.push(type)
      if (type === 'job.running') stop.abort()
    }
  })()
  await assert.rejects(following, fails('cancelled'))
  assert.deepEqual(seen, ['job.funded', 'job.running'])
  gate.resolve()
  assert.equal((await job.receipt()).accepted, 2)
})

test('cancels with a signed request that nobody else can send', async () => {
  const gate = Promise.withResolvers<void>()
  await using scene = await openScene()
  scene.aggregator.bend.before = () => gate.promise
  const job = await scene.client.map(two)
  await job.cancel()
  assert.equal((await scene.client.jobs()).length, 1)
  gate.resolve()
  await job.receipt()
  await assert.rejects(job.cancel(), fails('job-state'))
})

test('yields each result while the job still runs', async () => {
  const gate = Promise.withResolvers<void>()
  await using scene = await openScene()
  scene.aggregator.bend.before = (step) => (step === 'settle' ? gate.promise : Promise.resolve())
  const job = await scene.client.map(two)
  const names: string[] = []
  for await (const { name } of job.results()) {
    names.push(name)
    // The job can end only now: the results came before.
    if (names.length === 2) gate.resolve()
  }
  assert.deepEqual(names, ['a', 'b'])
})

test('yields a shard again when the result that nobody audited was overturned', async () => {
  const gate = Promise.withResolvers<void>()
  await using scene = await openScene({ cheat: (shard) => (shard === 0 ? { files: {}, stdout: 'bogus' } : undefined) })
  scene.aggregator.bend.before = (step) => (step === 'overturn' ? gate.promise : Promise.resolve())
  const job = await scene.client.map(two)
  const seen: unknown[] = []
  for await (const output of job.results()) {
    seen.push([output.name, output.attempt, (await collectFiles(output)).stdout])
    gate.resolve()
  }
  assert.deepEqual(seen.slice(0, 2), [
    ['a', 1, 'bogus'],
    ['a', 2, '5 a\n'],
  ])
  const { receipt, accepted } = await job.receipt()
  assert.equal(accepted, 2)
  assert.deepEqual(
    receipt.openings.map(({ shard, attempt }) => [shard, attempt]),
    [
      [0, 2],
      [1, 1],
    ],
  )
})

test('explains a shard that failed, and proves the others', async () => {
  await using scene = await openScene({ failing: [0] })
  const job = await scene.client.map(two)
  const receipt = await job.receipt()
  assert.deepEqual([receipt.accepted, receipt.shards], [1, 2])
  const { shards, outcome } = await job.explain()
  assert.equal(outcome, 'partial')
  assert.deepEqual(
    shards.map(({ name, money }) => [name, money]),
    [
      ['a', 'refunded'],
      ['b', 'paid'],
    ],
  )
  const [failed] = shards[0]!.attempts
  assert.deepEqual([failed?.code, failed?.stage, failed?.blame], ['attempt-exit-nonzero', 'execute', 'client'])
  await assert.rejects(job.result(0), fails('job-incomplete'))
})

test('says job-incomplete when nothing was settled, and frees the cap once the chain shows the refund', async () => {
  let shift = 0
  await using scene = await openScene({ failing: [0, 1], shiftMs: () => shift })
  const { chain, client: actor } = scene.world
  const client = await scene.open({ chain: { reader: chain.reader } })
  const job = await client.map(two)
  const incomplete = fails('job-incomplete', (e) => assert.equal(e.details['outcome'], 'refunded'))
  await assert.rejects(job.receipt(), incomplete)
  assert.equal(client.spending().takenUsdc, job.terms.maxAmount)
  shift = 3 * 3600 * 1000
  await chain.writer(actor.address).refund(job.terms, new AbortController().signal)
  await assert.rejects(job.receipt(), incomplete)
  assert.equal(client.spending().takenUsdc, 0n)
})

test('takes the money back on chain once refundAt has come, without the aggregator', async () => {
  let shift = 0
  const gate = Promise.withResolvers<void>()
  await using scene = await openScene({ shiftMs: () => shift })
  scene.aggregator.bend.before = () => gate.promise
  const { chain, client: actor } = scene.world
  const client = await scene.open({ chain: { reader: chain.reader, writer: chain.writer(actor.address) } })
  const job = await client.map(two)
  await assert.rejects(scene.client.refund(job.id), fails('config-invalid'))
  await assert.rejects(
    client.refund(job.id),
    fails('too-early', (e) => assert.equal(e.details['reason'], 'TooEarly')),
  )
  assert.equal(client.spending().takenUsdc, job.terms.maxAmount)
  shift = 3 * 3600 * 1000
  await client.refund(job.id)
  assert.equal(await balance(scene), 100_000_000n)
  assert.equal(client.spending().takenUsdc, 0n)
  scene.aggregator.bend.lie = (opening) => opening
  gate.resolve()
})
