import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { explainWords, type WordCause } from './explain-words.ts'
import { gateConditions } from './gate-conditions.ts'

const pair = { first: gateConditions(0, 1, 8), second: gateConditions(1, 1, 8) }
const { hostname } = pair.second

const cases: readonly (readonly [WordCause, string, string])[] = [
  ['host-name', 'assay', hostname],
  ['host-name', 'root@assay:/tmp', `root@${hostname}:/tmp`],
  ['locale', 'C.UTF-8', 'de_DE.UTF-8'],
  ['locale', 'Nov', 'Okt'],
  ['time-zone', 'UTC', 'EST'],
  ['time-zone', '+00:00', '-05:00'],
  ['time-zone', '16:05:09', '11:05:09'],
  ['time-zone', '2026-07-01T16:05:09Z', '2026-07-01T12:05:09-04:00'],
  ['time-zone', '02:05', '21:05'],
  ['time', '16:05:09', '16:05:11'],
  ['time', '16:05:09', '11:05:11'],
  ['time', '2026-11-21T16:05:09.120Z', '2026-11-21T16:05:10.402Z'],
  ['time', '1763741109', '1763741111'],
  ['time', '1763741109123', '1763741110984'],
  ['time', '1763741109.5531', '1763741111.0021'],
  ['time', 'out-1763741109.txt', 'out-1763741111.txt'],
  ['time', '20261121T160509', '20261121T160511'],
  ['time', '0m0.31s', '0m0.29s'],
  ['time', '128ms', '131ms'],
  ['date', '2026-11-21', '2026-11-22'],
  ['date', 'Sat', 'Sun'],
  ['date', 'Nov', 'Dec'],
  ['threads', '1', '2'],
  ['threads', 'workers:1', 'workers:2'],
  ['float', '0.30000000000000004', '0.3'],
  ['float', '1.2345678e-12', '1.2345679e-12'],
  ['float', '2048.000122', '2048.000244'],
  ['randomness', '0.844421851525', '0.757954402940'],
  ['randomness', '20731', '914'],
  ['randomness', 'f81d4fae-7dec-41d0-a765-00a0c91e6bf6', '0b2c7e11-93aa-4f00-8c1d-5b6a7c8d9e0f'],
  ['randomness', '/tmp/tmp.Xa81kQ', '/tmp/tmp.9fLmZ2'],
  ['randomness', 'd41d8cd98f00b204', '7215ee9c7d9dc229'],
  ['unknown', 'banana', 'orange'],
  ['unknown', '3', '5'],
  ['unknown', '16384040', '16384012'],
  ['randomness', '1763741109', '1234567890'],
]

describe('explainWords', () => {
  for (const [cause, a, b] of cases)
    it(`takes ${a} and ${b} for ${cause}`, () => {
      assert.equal(explainWords(a, b, pair), cause)
      assert.equal(explainWords(b, a, { first: pair.second, second: pair.first }), cause, 'the other way round')
    })

  it('reads a number before a unit of time as a duration', () => {
    assert.equal(explainWords('3.2', '3.4', { ...pair, unit: 'seconds' }), 'time')
    assert.equal(explainWords('3.2', '3.4', { ...pair, unit: 'metres' }), 'unknown')
  })

  it('blames only what differed: equal host names, zones and cores explain nothing', () => {
    const same = { first: pair.first, second: pair.first }
    assert.equal(explainWords('assay', hostname, same), 'unknown')
    assert.equal(explainWords('1', '2', same), 'unknown')
    assert.equal(explainWords('16:05:09', '11:05:09', same), 'time')
  })
})
