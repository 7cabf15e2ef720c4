/** Results and receipts that are not what they claim to be. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { collectFiles } from '../src/index.ts'
import { ppm, usdc, type JobEvidence } from '@assay/protocol'
import { named } from '@assay/testkit'
import { openScene } from './fixture/open-scene.ts'
import { collect, fails, two } from './fixture/expect.ts'

test('refuses tampered results, and reads through cut connections', async (t) => {
  await using scene = await openScene({ execute: () => ({ files: { big: 'x'.repeat(300_000) }, stdout: '' }) })
  const job = await scene.client.map(two)
  await collect(job.events())
  const { bend } = scene.aggregator
  await t.test('cut after every 100 kB', async () => {
    bend.cutBlobAt = 100_000
    const result = await job.result(0)
    assert.equal((await collectFiles(result)).files.get('big')?.length, 300_000)
    bend.ignoreRange = true
    bend.cutBlobAt = 200_000
    await assert.rejects(collectFiles(result, { signal: AbortSignal.timeout(20) }), fails('cancelled'))
    delete bend.cutBlobAt
    delete bend.ignoreRange
  })
  await t.test('altered by the aggregator', async () => {
    bend.blob = (bytes) =>
      Buffer.concat([bytes.subarray(0, 1000), Buffer.from([bytes[1000]! ^ 1]), bytes.subarray(1001)])
    await assert.rejects(
      collectFiles(await job.result(0)),
      fails('blob-mismatch', (e) => assert.equal(e.blame, 'aggregator')),
    )
    await assert.rejects(job.receipt(), fails('blob-mismatch'))
    delete bend.blob
  })
  await t.test('another job under this id', async () => {
    bend.view = (view) => ({ ...view, terms: { ...view.terms, salt: named('other') } })
    await assert.rejects(
      job.state(),
      fails('message-malformed', (e) => assert.equal(e.blame, 'aggregator')),
    )
    delete bend.view
  })
})

test('refuses a result that does not open its commit, and blames the provider', async () => {
  await using scene = await openScene()
  scene.aggregator.bend.lie = (opening) => ({ ...opening, resultRoot: named('junk') })
  const job = await scene.client.map(two)
  await collect(job.events())
  await assert.rejects(
    collectFiles(await job.result(1)),
    fails('result-invalid', (e) => assert.equal(e.blame, 'provider')),
  )
})

test('refuses receipts that do not hold, and those that the chain does not know', async (t) => {
  await using scene = await openScene()
  const chain = { reader: scene.world.chain.reader }
  const client = await scene.open({ chain })
  const [job, other] = [await client.map(two), await client.map(two)]
  const foreign = (await other.receipt()).receipt
  const { bend } = scene.aggregator
  const cases: readonly (readonly [string, NonNullable<typeof bend.receipt>])[] = [
    ['of another job', () => foreign],
    [
      'without its signatures',
      (r) => ({ ...r, settlement: { ...r.settlement, signatures: r.settlement.signatures.slice(1) } }),
    ],
    ['with another charge', (r) => ({ ...r, settlement: { ...r.settlement, fee: usdc(r.settlement.fee + 1n) } })],
    ['without an audit', (r) => ({ ...r, evidence: { ...r.evidence, audits: r.evidence.audits.slice(1) } })],
    ['with a lower audit rate', (r) => ({ ...r, evidence: lowered(r.evidence) })],
    [
      'with another quorum',
      (r) => ({ ...r, evidence: { ...r.evidence, quorum: { ...r.evidence.quorum, threshold: 2 } } }),
    ],
    [
      'with other operators',
      (r) => ({
        ...r,
        evidence: {
          ...r.evidence,
          operators: r.evidence.operators.map((o) => ({ ...o, index: (7 - o.index) as typeof o.index })),
        },
      }),
    ],
    ['with another transaction', (r) => ({ ...r, proof: { ...r.proof!, transactionHash: named('other') } })],
  ]
  for (const [name, bent] of cases) {
    await t.test(name, async () => {
      bend.receipt = bent
      await assert.rejects(job.receipt(), fails('receipt-invalid'))
      assert.equal(client.spending().takenUsdc, job.terms.maxAmount + other.terms.maxAmount)
    })
  }
  delete bend.receipt
  assert.equal((await job.receipt()).report.checks[0]?.status, 'passed')
})

test('refuses evidence of another job when it looks for its own', async () => {
  await using scene = await openScene()
  const [job, other] = [await scene.client.map(two), await scene.client.map(two)]
  const foreign = (await other.receipt()).receipt.evidence
  await job.receipt()
  const elsewhere = await scene.open()
  const { bend } = scene.aggregator
  for (const evidence of [
    () => foreign,
    (own: JobEvidence) => ({ ...own, spec: { ...own.spec, command: ['other'] } }),
    (own: JobEvidence) => ({ ...own, market: { ...own.market, chainId: 1 } }),
  ]) {
    bend.evidence = evidence
    await assert.rejects(
      elsewhere.job(job.id),
      fails('terms-mismatch', (e) => assert.equal(e.blame, 'aggregator')),
    )
  }
})

test('refuses an account of the job that hides or invents attempts', async () => {
  await using scene = await openScene()
  const job = await scene.client.map(two)
  await collect(job.events())
  const { bend } = scene.aggregator
  bend.view = (view) => ({ ...view, attempts: [] })
  await assert.rejects(
    job.receipt(),
    fails('receipt-invalid', (e) => assert.equal(e.details['check'], 'openings')),
  )
  await assert.rejects(job.result(0), fails('job-incomplete'))
  bend.view = (view) => ({ ...view, attempts: view.attempts.map((one) => ({ ...one, shard: one.shard + 10 })) })
  await assert.rejects(
    collect(job.results()),
    fails('result-invalid', (e) => assert.equal(e.blame, 'aggregator')),
  )
  await assert.rejects(job.result(7), fails('spec-invalid'))
})

/** The same evidence with leaves that were audited less. */
function lowered(evidence: JobEvidence): JobEvidence {
  const leavesOf = ({ leaves }: JobEvidence['epochs'][number]) =>
    leaves.map((leaf) => ({ ...leaf, ratePpm: ppm(10_000) }))
  return { ...evidence, epochs: evidence.epochs.map((epoch) => ({ ...epoch, leaves: leavesOf(epoch) })) }
}
