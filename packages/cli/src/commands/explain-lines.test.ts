import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Finding } from '@assay/sdk'
import { explainLines } from './explain-lines.ts'

const provider = `0x${'ab'.repeat(20)}`
const failed: Finding = {
  kind: 'failed',
  shard: 1,
  attempt: 2,
  what: `${provider} failed: attempt-memory-limit, in execution.`,
  blame: 'client',
  money: 'Nothing is charged for the attempt.',
  next: 'Raise the memory limit.',
  code: 'attempt-memory-limit',
  numbers: { exit: 137, root: `0x${'cd'.repeat(32)}` },
  source: 'evidence',
  docs: 'docs/errors.md#attempt-memory-limit',
}
const waiting: Finding = {
  kind: 'waiting',
  what: '1 of 2 shards are accepted.',
  money: '2.000000 USDC are in escrow.',
  next: 'Wait.',
  numbers: {},
  source: 'aggregator',
  docs: 'docs/explain.md#waiting',
}

describe('explainLines', () => {
  it('puts the job first, then each shard with its findings, ids shortened', () => {
    const shards = [
      { shard: 0, name: 'a', money: 'payable' },
      { shard: 1, name: 'b', money: 'reserved' },
    ]
    const lines = explainLines({
      orderId: '0x1',
      state: 'running',
      outcome: undefined,
      shards,
      findings: [waiting, failed],
    })
    assert.deepEqual(lines, [
      'job 0x1: running',
      '  waiting: 1 of 2 shards are accepted.',
      '    money: 2.000000 USDC are in escrow.',
      '    next: Wait.',
      '    the aggregator says so; docs/explain.md#waiting',
      '',
      'shard 0 a: money payable',
      '',
      'shard 1 b: money reserved',
      '  attempt 2 failed: 0xabababab…abab failed: attempt-memory-limit, in execution. Fault of the client.',
      '    money: Nothing is charged for the attempt.',
      '    next: Raise the memory limit.',
      '    numbers: exit 137, root 0xcdcdcdcd…cdcd',
      '    proven by signed evidence; docs/errors.md#attempt-memory-limit',
    ])
  })
})
