/** Changes every value of valid verdict bundles, one at a time, and drops and doubles every list entry: each change is refused. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { toJson, VerdictBundle, type Json } from '@assay/protocol'
import {
  buildAppeal,
  buildCase,
  builtStake,
  buildVerdict,
  createBench,
  createEvidenceCast,
  mutationsOf,
} from '@assay/testkit'
import { verifyVerdict, type VerdictAnchors } from './verify-verdict.ts'

const cast = createEvidenceCast({ validators: 5, threshold: 2, shards: 1 })
const bench = createBench(7)

/** What may differ without harm, and why. */
const free: readonly (readonly [RegExp, string])[] = [
  [/^appeals\.\d+ dropped$/, 'a bundle without its newest appeal is an older bundle of the same verdict'],
  [/^appeals\.\d+\.ruling dropped$/, 'a bundle without its newest ruling is an older bundle of the same verdict'],
]

function refuses(name: string, bundle: VerdictBundle, least: number): void {
  const anchors: VerdictAnchors = {
    market: cast.market,
    quorum: cast.quorum,
    beacon: cast.beacon.info,
    accused: { stakeUsdc: builtStake, priorFaults: 0 },
    benches: (bundle.overturned?.appeals ?? bundle.appeals).map((appeal) => appeal.bench),
  }
  const isAccepted = (changed: Json): boolean => {
    const parsed = VerdictBundle.safeParse(changed)
    return parsed.success && verifyVerdict(parsed.data, anchors).ok
  }
  it(`${name}: holds as it is, and nothing in it can be changed unnoticed`, () => {
    const wire = toJson(bundle)
    assert.ok(isAccepted(wire))
    const all = [...mutationsOf(wire)]
    const guarded = all.filter((mutation) => !free.some(([pattern]) => pattern.test(mutation.name)))
    assert.deepEqual(
      guarded.filter(({ value }) => isAccepted(value)).map((mutation) => mutation.name),
      [],
    )
    assert.ok(guarded.length > least, `only ${guarded.length} mutations`)
    for (const mutation of all.filter((one) => !guarded.includes(one)))
      assert.ok(isAccepted(mutation.value), mutation.name)
  })
}

describe('a verdict bundle', async () => {
  const garbage = await buildCase(cast, 'garbage')
  const plain = buildVerdict(cast, garbage)
  refuses('on a provider', plain, 250)
  refuses('under appeal', { ...plain, appeals: [buildAppeal(cast, garbage, { bench, verdict: plain.verdict })] }, 400)

  const lazy = await buildCase(cast, 'lazy-validator')
  const accused = lazy.audit.rounds[0]!.commits[0]!.validator
  refuses('on a validator', buildVerdict(cast, lazy, { accused }), 250)
})
