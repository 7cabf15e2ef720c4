import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { explainLines } from './explain-lines.ts'
import { gateConditions } from './gate-conditions.ts'

const pair = { first: gateConditions(0, 1, 8), second: gateConditions(1, 1, 8) }
const causes = (a: string, b: string): readonly string[] => explainLines(a, b, pair).map(({ cause }) => cause)

describe('explainLines', () => {
  it('tells the clock from the zone on one line, each at its place', () => {
    const [a, b] = ['on Sat Nov 21 16:05:09 UTC 2026\n', 'on Sat Nov 21 11:05:11 EST 2026\n']
    assert.deepEqual(explainLines(a, b, pair), [
      { cause: 'time', first: a.indexOf('6:05'), second: b.indexOf('1:05') },
      { cause: 'time-zone', first: a.indexOf('UTC'), second: b.indexOf('EST') },
    ])
  })

  it('gives the parts of a date the cause of the clock beside them', () => {
    assert.deepEqual(causes('Thu Jan  1 00:00:00 UTC 1970', 'Wed Dec 31 19:00:00 EST 1969'), ['time-zone'])
    assert.deepEqual(causes('2026-12-01 00:00:01', '2026-11-30 19:00:01'), ['time-zone'])
    assert.deepEqual(causes('Sat Nov 21 23:59:59 2026', 'Sun Nov 22 00:00:01 2026'), ['time'])
    assert.deepEqual(causes('built 2026-11-21', 'built 2026-11-22'), ['time'])
  })

  it('sees the same words in another order', () => {
    assert.deepEqual(causes("{'a', 'b', 'c'}", "{'c', 'a', 'b'}"), ['order'])
    assert.deepEqual(causes('a.txt b.txt', 'b.txt a.txt'), ['order'])
  })

  it('sees decimal commas', () => {
    assert.deepEqual(causes('mean 3.14, max 9.5', 'mean 3,14, max 9,5'), ['locale'])
  })

  it('names every cause of a line once', () => {
    const a = `{"host":"assay","pid":7,"at":1763741109.12,"id":"f81d4fae7dec41d0","again":"assay"}`
    const b = `{"host":"${pair.second.hostname}","pid":7,"at":1763741111.02,"id":"00a0c91e6bf61234","again":"${pair.second.hostname}"}`
    assert.deepEqual(causes(a, b), ['host-name', 'time', 'randomness'])
  })

  it('takes a row of short numbers for random ones', () => {
    assert.deepEqual(causes(' 06 c4 7d d3 8a e3\n', ' f1 ff 3f 7b 56 8c\n'), ['randomness'])
    assert.deepEqual(causes('[3, 1, 4, 1, 5]', '[9, 2, 6, 5, 8]'), ['randomness'])
    assert.deepEqual(causes('3 errors, 4 warnings', '5 errors, 6 warnings'), ['unknown'])
  })

  it('looks between the equal ends of lines of different shape', () => {
    assert.deepEqual(causes('took 3 at 16:05:09', 'took 3 at 16:05:11 or so'), ['unknown'])
    assert.deepEqual(causes(`<assay>`, `<${pair.second.hostname}>`), ['host-name'])
    assert.deepEqual(causes('a b', 'a  c'), ['unknown'])
  })

  it('says nothing it cannot know', () => {
    assert.deepEqual(causes('one two', 'one three'), ['unknown'])
    assert.deepEqual(causes('a  b', 'a b'), ['unknown'])
    assert.deepEqual(causes('', 'x'), ['unknown'])
  })
})
