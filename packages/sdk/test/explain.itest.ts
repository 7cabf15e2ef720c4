/** Why a job is where it is: the aggregator's word, and what the client finds out by itself. */
import assert from 'node:assert/strict'
import test from 'node:test'
import type { Finding } from '../src/index.ts'
import { fails, two } from './fixture/expect.ts'
import { openScene } from './fixture/open-scene.ts'

const line = ({ shard, attempt, kind, source }: Finding): string =>
  `${shard ?? 'job'}/${attempt ?? '-'} ${kind} by ${source}`

test('explains a settled job by its evidence, not by the word of the aggregator', async () => {
  await using scene = await openScene({ failing: [0] })
  const job = await scene.client.map(two)
  await job.receipt()
  const { findings } = await job.explain()
  assert.deepEqual(findings.map(line), [
    'job/- settled by aggregator',
    '0/1 failed by aggregator',
    '0/- gave-up by aggregator',
    '1/1 sampled by evidence',
    '1/1 audited by evidence',
    '1/1 accepted by evidence',
  ])
  assert.deepEqual([...new Set((await job.explain({ shard: 1 })).findings.map(({ shard }) => shard))], [1])
  await assert.rejects(job.explain({ shard: 2 }), fails('spec-invalid'))
})

test('catches an aggregator that lies about a verdict or about the bill', async () => {
  await using scene = await openScene()
  const job = await scene.client.map(two)
  await job.receipt()
  assert.ok((await job.explain()).findings.every(({ kind }) => kind !== 'contradiction'))
  scene.aggregator.bend.explanation = (honest) => ({
    ...honest,
    view: {
      ...honest.view,
      chargedUsdc: 1n,
      attempts: honest.view.attempts.map((one) =>
        one.shard === 0 ? { ...one, state: 'rejected', verdict: 'provider-fault' } : one,
      ),
    },
  })
  const { findings, shards } = await job.explain()
  const lies = findings.filter(({ kind }) => kind === 'contradiction')
  assert.deepEqual(
    lies.map(({ blame, source }) => `${blame} ${source}`),
    ['aggregator evidence', 'aggregator evidence'],
  )
  assert.equal(shards[0]?.attempts[0]?.verdict, 'passed', 'the evidence decides')
})

test('says that evidence of another quorum than the chain knows proves nothing', async () => {
  await using scene = await openScene()
  const client = await scene.open({ chain: { reader: scene.world.chain.reader } })
  const job = await client.map(two)
  await job.receipt()
  scene.aggregator.bend.evidence = (evidence) => ({ ...evidence, quorum: { ...evidence.quorum, threshold: 1 } })
  const { findings } = await job.explain()
  assert.match(findings.find(({ kind }) => kind === 'contradiction')?.what ?? '', /another quorum/)
  assert.ok(findings.every(({ source }) => source !== 'evidence'))
})

test('shows before the settlement that sealed bytes do not open to their commit, and whose fault it is', async () => {
  const gate = Promise.withResolvers<void>()
  await using scene = await openScene()
  scene.aggregator.bend.before = (step) => (step === 'settle' ? gate.promise : Promise.resolve())
  scene.aggregator.bend.lie = (opening, shard) =>
    shard === 0 ? { ...opening, salt: `0x${'55'.repeat(32)}` as never } : opening
  const job = await scene.client.map(two)
  for await (const { type } of job.events()) if (type === 'job.settling') break
  const { findings } = await job.explain({ openResults: true })
  const broken = findings.filter(({ code }) => code === 'result-invalid')
  assert.deepEqual(
    broken.map(({ shard, attempt, blame, source }) => [shard, attempt, blame, source]),
    [[0, 1, 'provider', 'client']],
  )
  assert.equal(broken[0]?.numbers['settled'], 'no')
  gate.resolve()
})

test('tells from the chain that money can be taken back', async () => {
  let shift = 0
  const gate = Promise.withResolvers<void>()
  await using scene = await openScene({ shiftMs: () => shift })
  scene.aggregator.bend.before = () => gate.promise
  const client = await scene.open({ chain: { reader: scene.world.chain.reader }, clock: scene.world.clock })
  const job = await client.map(two)
  const due = async () => (await job.explain()).findings.filter(({ kind }) => kind === 'refund-due')
  assert.deepEqual(await due(), [])
  shift = 3 * 3600 * 1000
  assert.deepEqual(
    (await due()).map(({ source }) => source),
    ['chain'],
  )
  scene.aggregator.bend.lie = (opening) => opening
  gate.resolve()
})
