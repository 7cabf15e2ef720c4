import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ppm } from '@assay/protocol'
import { createSeededRng, named } from '@assay/testkit'
import { drawDonors, drawPauseMs, findMismatches } from './plan-ringers.ts'

const rng = createSeededRng('ringers')
const random = (): number => rng.below(2 ** 32)

interface Trace {
  readonly shards: number
  readonly priceUsdc: number
  readonly timeLimitMs: number
  readonly pauseMs: number
}
/** Ordinary clients: many small cheap jobs in bursts, few large ones. */
const ordinary = (): Trace => ({
  shards: Math.ceil(2 ** (rng.below(1100) / 100)),
  priceUsdc: 1_000 * 2 ** rng.below(12),
  timeLimitMs: rng.pick([60_000, 60_000, 300_000, 3_600_000]),
  pauseMs: Math.floor(-Math.log((rng.below(999) + 1) / 1000) * (rng.chance(0.7) ? 5_000 : 600_000)),
})

/** Chance that a feature ranks a ringer above an ordinary job, ties counted half; the better of both directions. */
function aucOf(ringers: readonly number[], others: readonly number[]): number {
  const all = [...ringers.map((x) => [x, 1] as const), ...others.map((x) => [x, 0] as const)].toSorted(
    ([a], [b]) => a - b,
  )
  let wins = 0
  let below = 0
  for (let at = 0; at < all.length;) {
    let end = at
    while (end < all.length && all[end]![0] === all[at]![0]) end++
    const tied = all.slice(at, end)
    const own = tied.filter(([, ringer]) => ringer === 1).length
    wins += own * (below + (tied.length - own) / 2)
    below += tied.length - own
    at = end
  }
  const auc = wins / (ringers.length * others.length)
  return Math.max(auc, 1 - auc)
}

describe('ringers', () => {
  it('cannot be told from ordinary jobs by size, price, time limit or pause', () => {
    const jobs = Array.from({ length: 20_000 }, ordinary)
    const pauses = jobs.map(({ pauseMs }) => pauseMs)
    const ringers = drawDonors(jobs, ppm(100_000), random).map((donor) => ({
      ...donor,
      pauseMs: drawPauseMs(pauses, random),
    }))
    assert.ok(ringers.length > 1_800 && ringers.length < 2_200, `${ringers.length} of 20000 at ten per cent`)
    for (const feature of ['shards', 'priceUsdc', 'timeLimitMs', 'pauseMs'] as const) {
      const auc = aucOf(
        ringers.map((job) => job[feature]),
        jobs.map((job) => job[feature]),
      )
      assert.ok(auc <= 0.55, `${feature}: ${auc}`)
    }
  })

  it('could be told apart if they were all small, so the measure sees something', () => {
    const jobs = Array.from({ length: 2_000 }, ordinary)
    const small = jobs.map(() => 1)
    assert.ok(
      aucOf(
        small,
        jobs.map(({ shards }) => shards),
      ) > 0.8,
    )
  })

  it('are none at a share of 0, all at a share of 1, and wait not at all without an example', () => {
    assert.deepEqual(drawDonors([1, 2, 3], ppm(0), random), [])
    assert.deepEqual(drawDonors([1, 2, 3], ppm(1_000_000), random), [1, 2, 3])
    assert.equal(drawPauseMs([], random), 0)
    assert.equal(drawPauseMs([7], random), 7)
  })

  it('show a wrong answer where the right one is known, and nothing elsewhere', () => {
    const known = [0, 1, 2].map((shard) => ({ shard, resultRoot: named<never>(`right/${shard}`) }))
    const wrong = { shard: 1, resultRoot: named<never>('wrong') }
    assert.deepEqual(findMismatches(known, known), [])
    assert.deepEqual(findMismatches(known, [known[0]!, wrong]), [1])
    assert.deepEqual(findMismatches(known, [{ shard: 9, resultRoot: wrong.resultRoot }]), [])
    assert.deepEqual(findMismatches(known, []), [])
  })
})
