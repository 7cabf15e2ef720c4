import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createSeededRng } from './seeded-rng.ts'

describe('createSeededRng', () => {
  it('repeats itself for equal seeds and differs for others', () => {
    const draw = (seed: string | number): string => Buffer.from(createSeededRng(seed).bytes(32)).toString('hex')
    assert.equal(draw('a'), draw('a'))
    assert.notEqual(draw('a'), draw('b'))
    assert.equal(draw(7), draw('7'))
  })

  it('gives the same numbers on every machine', () => {
    const rng = createSeededRng('vector')
    assert.deepEqual([rng.below(1000), rng.below(1000), rng.below(1000)], [330, 750, 940])
  })

  it('draws evenly below a bound', () => {
    const rng = createSeededRng('even')
    const counts = [0, 0, 0, 0, 0, 0]
    for (let i = 0; i < 60_000; i += 1) counts[rng.below(6)]! += 1
    for (const count of counts) assert.ok(Math.abs(count - 10_000) < 500, counts.join(' '))
    assert.throws(() => rng.below(0), RangeError)
    assert.throws(() => rng.pick([]), RangeError)
  })

  it('forks streams that do not depend on how much was drawn before', () => {
    const fresh = createSeededRng('root').fork('net')
    const used = createSeededRng('root')
    used.bytes(100)
    assert.deepEqual(used.fork('net').bytes(16), fresh.bytes(16))
    assert.notDeepEqual(used.fork('chain').bytes(16), createSeededRng('root').fork('net').bytes(16))
  })

  it('keeps to its probabilities', () => {
    const rng = createSeededRng('chance')
    let hits = 0
    for (let i = 0; i < 10_000; i += 1) hits += rng.chance(0.2) ? 1 : 0
    assert.ok(Math.abs(hits - 2000) < 200, String(hits))
    assert.equal(rng.chance(0), false)
    assert.equal(rng.chance(1), true)
  })
})
