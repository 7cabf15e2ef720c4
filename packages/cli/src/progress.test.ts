import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createTestIo } from '../test/test-io.ts'
import { openProgress } from './progress.ts'

describe('openProgress', () => {
  it('writes a line for each step and each new count where nobody watches', () => {
    const io = createTestIo()
    using progress = openProgress(io, false)
    progress.step('starting')
    progress.count(0, 2, 'x')
    progress.count(1, 2, 'x')
    progress.count(1, 2, 'y')
    progress.count(2, 2, 'z')
    const counts = io.errLines.slice(1).map((line) => line.trim().split(' ')[0])
    assert.equal(io.errLines[0], 'starting')
    assert.deepEqual(counts, ['0/2', '1/2', '2/2'])
    assert.deepEqual(io.outLines, [])
  })

  it('is silent when asked to be', () => {
    const io = createTestIo()
    using progress = openProgress(io, true)
    progress.step('starting')
    progress.count(1, 2, 'x')
    assert.deepEqual([io.errLines, io.outLines, io.redrawn], [[], [], []])
  })
})
