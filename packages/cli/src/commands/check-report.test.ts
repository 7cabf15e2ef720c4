import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { causeAdvice, gateConditions } from '@assay/core'
import { describeReport, plainReport } from './check-report.ts'
import type { CheckReport } from './check-shards.ts'

const base: CheckReport = {
  reproducible: true,
  grade: 'exact',
  proposal: 'do this.',
  varied: ['host name'],
  shards: [{ name: 'a', same: true, grade: 'exact', files: [], differences: [], omitted: 0 }],
  more: false,
  conditions: [gateConditions(0, 1, 4), gateConditions(1, 1, 4)],
  notVaried: [],
}
const first = { offset: 7, hex: '31', text: 'at 1' }
const time = {
  path: 'log',
  kind: 'content',
  cause: 'time',
  offset: 7,
  first,
  second: { ...first, hex: '' },
  count: 3,
  run: 2,
} as const
const different = (differences: CheckReport['shards'][number]['differences']): CheckReport => ({
  ...base,
  reproducible: false,
  grade: 'unverifiable',
  shards: [...base.shards, { name: 'b', same: false, grade: 'unverifiable', files: [], differences, omitted: 0 }],
})

describe('describeReport', () => {
  it('is short when all is well', () => {
    assert.deepEqual(describeReport(base), [
      'a  same',
      'varied: host name; not varied: nothing',
      'reproducible: 1 shard, 2 runs each, all equal',
    ])
  })

  it('shows where, why, both values and what to do', () => {
    assert.deepEqual(describeReport(different([time])), [
      'a  same',
      'b  DIFFERENT, unverifiable',
      `  /out/log, byte 7: ${causeAdvice.time.title}, in 3 places`,
      '    run 1  "at 1"  31',
      '    run 2  ends here, after 7 bytes',
      `    fix: ${causeAdvice.time.fix}`,
      'varied: host name; not varied: nothing',
      'grade: unverifiable. do this.',
      'not reproducible: 1 of 2 shards differs between runs',
    ])
  })

  it('gives advice once for each cause', () => {
    const lines = describeReport(different([time, { ...time, path: '' }, { ...time, cause: 'order' }]))
    assert.equal(lines.filter((line) => line.includes('fix: ')).length, 2)
  })

  it('has words for every kind of difference', () => {
    const { offset: _, first: __, second: ___, ...plain } = { ...time, path: 'd' }
    const said = (kind: 'missing' | 'extra' | 'type' | 'mode'): string | undefined =>
      describeReport(different([{ ...plain, kind, cause: 'unknown', count: 1 }]))[2]
    assert.match(said('missing') ?? '', /\/out\/d is missing in run 2/)
    assert.match(said('extra') ?? '', /\/out\/d is there in run 2 only/)
    assert.match(said('type') ?? '', /file in one run and a directory in the other/)
    assert.match(said('mode') ?? '', /executable in one run only/)
  })

  it('shows why a run failed, and what was special about it', () => {
    const failure = {
      path: '',
      kind: 'failure',
      cause: 'unknown',
      count: 1,
      run: 2,
      detail: 'exit-nonzero: status 4\nno zone',
    } as const
    const lines = describeReport(different([failure]))
    assert.match(lines[2] ?? '', /run 2 failed where run 1 succeeded/)
    assert.deepEqual(lines.slice(3, 5), ['    exit-nonzero: status 4', '    no zone'])
    assert.match(lines[5] ?? '', /time zone EST5EDT, 2 cores, inputs reversed/)
  })

  it('says what was not looked at', () => {
    const lines = describeReport({ ...base, more: true, notVaried: ['cores', 'directory order'] })
    assert.ok(lines.includes('varied: host name; not varied: cores, directory order'))
    assert.ok(lines.some((line) => line.includes('--all')))
    const [b] = different([time]).shards.slice(1)
    assert.ok(b)
    assert.ok(describeReport({ ...base, shards: [{ ...b, omitted: 4 }] }).includes('  and 4 more files or directories'))
  })
})

describe('plainReport', () => {
  it('carries the advice with each difference, and survives JSON', () => {
    const plain = JSON.parse(JSON.stringify(plainReport(different([time])))) as CheckReport
    assert.equal(plain.reproducible, false)
    assert.deepEqual(plain.shards[1]?.differences, [{ ...time, fix: causeAdvice.time.fix }])
  })
})
