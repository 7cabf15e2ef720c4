import assert from 'node:assert/strict'
import test from 'node:test'
import { AttemptState, errorTable, ShardVerdict, unixMs, usdc, type AttemptView, type JobView } from '@assay/protocol'
import { createEvidenceCast } from '@assay/testkit'
import { explainJob } from './explain-job.ts'

const cast = createEvidenceCast()
const attempt = (over: Partial<AttemptView>): AttemptView => ({
  shard: 0,
  attempt: 1,
  provider: cast.providers[0]!.address,
  state: 'executing',
  atMs: unixMs(1),
  ...over,
})
const view = (attempts: readonly AttemptView[], over: Partial<JobView> = {}): JobView => ({
  orderId: cast.orderId,
  state: 'running',
  terms: cast.terms,
  shards: 2,
  accepted: 0,
  failed: 0,
  audited: 0,
  convicted: [],
  slashedUsdc: usdc(0n),
  attempts: [...attempts],
  createdAtMs: unixMs(1),
  ...over,
})

test('says stage, blame, money and next step of a failed attempt', () => {
  const failed = attempt({ state: 'expired', code: 'attempt-memory-limit', detail: 'killed' })
  const [shard] = explainJob(view([failed]), ['a', 'b']).shards
  const [explained] = shard!.attempts
  assert.equal(explained!.stage, 'execute')
  assert.equal(explained!.blame, 'client')
  assert.equal(explained!.next, errorTable['attempt-memory-limit'].next)
  assert.match(explained!.money, /^Nothing is charged/)
  assert.equal(shard!.money, 'reserved')
})

test('prefers the blame that the market decided over the usual one', () => {
  const [shard] = explainJob(view([attempt({ code: 'attempt-memory-limit', blame: 'provider' })]), ['a']).shards
  assert.equal(shard!.attempts[0]!.blame, 'provider')
})

test('sorts attempts by shard and number, and lists shards that nobody has taken', () => {
  const job = explainJob(view([attempt({ attempt: 2 }), attempt({ attempt: 1, state: 'rejected' })]), ['a', 'b'])
  assert.deepEqual(
    job.shards.map(({ name, attempts }) => [name, attempts.map((one) => one.attempt)]),
    [
      ['a', [1, 2]],
      ['b', []],
    ],
  )
  assert.equal(job.shards[1]!.next, 'It waits for a free provider.')
})

test('follows the money to its end', () => {
  const accepted = attempt({ state: 'accepted', verdict: 'passed' })
  const money = (over: Partial<JobView>): unknown =>
    explainJob(view([accepted], over), ['a', 'b']).shards.map((s) => s.money)
  assert.deepEqual(money({ state: 'running' }), ['payable', 'reserved'])
  assert.deepEqual(money({ state: 'settling' }), ['payable', 'refundable'])
  assert.deepEqual(money({ state: 'closed', outcome: 'partial' }), ['paid', 'refunded'])
  assert.deepEqual(money({ state: 'closed', outcome: 'refunded' }), ['refunded', 'refunded'])
})

test('has words for every state and every verdict', () => {
  for (const state of AttemptState.options) {
    const [shard] = explainJob(view([attempt({ state })]), ['a']).shards
    assert.ok(shard!.attempts[0]!.next.length > 0 && shard!.next.length > 0)
  }
  for (const verdict of ShardVerdict.options) {
    const [shard] = explainJob(view([attempt({ state: 'committed', verdict })]), ['a']).shards
    assert.ok(shard!.attempts[0]!.money.length > 0)
  }
})
