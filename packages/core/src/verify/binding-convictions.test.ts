import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { asAddress, unixMs, unixSeconds, type Hash32, type OrderId, type SignedCommit } from '@assay/protocol'
import { named } from '@assay/testkit'
import { bindingConvictions, convictionsOnChain } from './binding-convictions.ts'

const order = named<OrderId>('order')
const [guilty, other] = ['aa', 'bb'].map((byte) => asAddress(`0x${byte.repeat(20)}`))
const commitBy = (provider = guilty!, orderId = order): SignedCommit => ({
  orderId,
  shard: 0,
  attempt: 1,
  provider,
  commitment: named('commitment'),
  sealedHash: named('sealed'),
  signature: named('signature'),
})
const epoch = (closedAtMs: number, ...commits: readonly SignedCommit[]) => ({ closedAtMs: unixMs(closedAtMs), commits })
const at = (atMs: number) => ({ provider: guilty!, atMs: unixMs(atMs) })

describe('bindingConvictions', () => {
  it('binds what was committed to before the conviction, and nothing after it', () => {
    assert.deepEqual([...bindingConvictions(order, [epoch(5, commitBy())], [at(5)])], [guilty])
    assert.deepEqual([...bindingConvictions(order, [epoch(6, commitBy())], [at(5)])], [])
    assert.deepEqual([...bindingConvictions(order, [epoch(6, commitBy())], [at(5), at(7), at(1)])], [guilty])
  })

  it('binds nobody else, and nobody through other orders', () => {
    const foreign = commitBy(guilty, named<OrderId>('another order'))
    assert.deepEqual([...bindingConvictions(order, [epoch(1, commitBy(other), foreign)], [at(5)])], [])
    assert.deepEqual([...bindingConvictions(order, [], [at(5)])], [])
  })
})

describe('convictionsOnChain', () => {
  it('takes verdicts and proofs against providers while they stand, at the time they were recorded', () => {
    const fault = (outcome: number, stands = true) => ({
      verdictId: named<Hash32>('verdict'),
      orderId: order,
      outcome,
      status: 'submitted' as const,
      guilty: stands,
      recordedAt: unixSeconds(outcome),
    })
    assert.deepEqual(convictionsOnChain(guilty!, [fault(1), fault(2), fault(3), fault(4), fault(5), fault(1, false)]), [
      at(1_000),
      at(3_000),
    ])
  })
})
