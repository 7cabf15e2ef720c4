import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { JobEvidence, OperatorIndex, SignedCommit } from '@assay/protocol'
import { buildEvidence, buildOwnCommit, createEvidenceCast, createTestActor, type AttemptPlan } from '@assay/testkit'
import { judgeBatch, type BatchJudgement } from './judge-batch.ts'

const size = { validators: 5, threshold: 3, shards: 1 }
const cast = (label: string): ReturnType<typeof createEvidenceCast> => createEvidenceCast({ ...size, label })
const built = async (label: string, attempt: Partial<AttemptPlan> = {}): Promise<JobEvidence> =>
  buildEvidence(cast(label), { epochs: [{ attempts: [{ shard: 0, provider: 0, sampled: false, ...attempt }] }] })
const outcome = (judged: BatchJudgement): string => (judged.ok ? 'ok' : judged.fault)
const [one, two] = [await built('one'), await built('two')]

describe('judgeBatch', () => {
  it('judges each job', () => {
    const judged = judgeBatch([one, two])
    assert.ok(judged.ok)
    assert.deepEqual(
      judged.jobs.map(({ orderId }) => orderId),
      [cast('one').orderId, cast('two').orderId],
    )
  })

  it('lets a conviction in one job bind the commits of all', async () => {
    const guilty = await built('guilty', { sampled: true, story: 'garbage' })
    assert.equal(outcome(judgeBatch([guilty, two])), 'contagion-incomplete')
    assert.equal(outcome(judgeBatch([two, guilty])), 'contagion-incomplete')
    assert.equal(outcome(judgeBatch([guilty, await built('other', { provider: 1 })])), 'ok')
  })

  it('refuses no evidence, the same order twice and a fault of any job', () => {
    assert.equal(outcome(judgeBatch([])), 'batch-empty')
    assert.equal(outcome(judgeBatch([one, one])), 'order-repeated')
    assert.equal(outcome(judgeBatch([one, { ...two, operators: [] }])), 'operator-missing')
  })

  it('refuses jobs that cannot share a settlement', () => {
    const terms = { ...two.terms, aggregator: createTestActor('stranger').address }
    assert.equal(outcome(judgeBatch([one, { ...two, terms }])), 'batch-mixed')
    assert.equal(outcome(judgeBatch([one, { ...two, market: { ...two.market, chainId: 1 } }])), 'batch-mixed')
    assert.equal(outcome(judgeBatch([one, { ...two, terms: { ...two.terms, quorumId: 2 as never } }])), 'batch-mixed')
  })

  describe('with commits that their providers claim', () => {
    const own = cast('claims')
    const claim = async (fields: { readonly shard?: number; readonly attempt?: number } = {}) =>
      (await buildOwnCommit(own, { shard: 0, provider: 1, ...fields })).commit
    const judged = async (attempts: readonly AttemptPlan[], claims: readonly SignedCommit[]) =>
      outcome(judgeBatch([await buildEvidence(own, { epochs: [{ attempts }] })], { claims }))

    it('refuses a job that leaves one out', async () => {
      const failed = { shard: 0, provider: 0, sampled: true, story: 'garbage' } as const
      assert.equal(await judged([failed], [await claim({ attempt: 2 })]), 'commit-censored')
    })

    it('takes a job that paid another attempt at the shard, and one of another order', async () => {
      const paid = { shard: 0, provider: 0, sampled: false } as const
      assert.equal(await judged([paid], [await claim({ attempt: 2 })]), 'ok')
      const foreign = { ...(await claim({ attempt: 2 })), orderId: cast('two').orderId }
      assert.equal(await judged([{ ...paid, sampled: true, story: 'garbage' }], [foreign]), 'ok')
    })

    it('takes a job that shows the commit, whatever became of it', async () => {
      const failed = { shard: 0, provider: 0, sampled: true, story: 'garbage' } as const
      const evidence = await buildEvidence(own, { epochs: [{ attempts: [failed] }] })
      const shown = evidence.epochs[0]!.leaves[0]!.commit
      assert.equal(outcome(judgeBatch([evidence], { claims: [shown] })), 'ok')
    })

    it('asks for nothing where the shard does not repeat', async () => {
      const dice = { shard: 0, provider: 0, sampled: true, story: 'nondeterministic' } as const
      assert.equal(await judged([dice], [await claim({ attempt: 2 })]), 'ok')
    })
  })

  it('refuses jobs that disagree on operator numbers', () => {
    const moved = two.operators.map(({ address, index }) => ({ address, index: (index + 100) as OperatorIndex }))
    assert.equal(outcome(judgeBatch([one, { ...two, operators: moved }])), 'operator-conflict')
    const swapped = [{ address: createTestActor('stranger').address, index: two.operators[0]!.index }]
    assert.equal(outcome(judgeBatch([one, { ...two, operators: swapped }])), 'operator-conflict')
  })
})
