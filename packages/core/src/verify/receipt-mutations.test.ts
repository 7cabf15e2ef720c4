/** Changes every value of a valid receipt, one at a time, and drops and doubles every list entry: each change is refused. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Receipt, toJson, unixMs, type Hash32, type Json } from '@assay/protocol'
import { buildEvidence, buildReceipt, createEvidenceCast, mutationsOf, named } from '@assay/testkit'
import { verifyReceipt } from './verify-receipt.ts'

const cast = createEvidenceCast({ validators: 5, threshold: 2, shards: 2, providers: 3 })
const evidence = await buildEvidence(cast, {
  epochs: [
    {
      foreign: 1,
      attempts: [
        { shard: 0, provider: 0, sampled: true, story: 'garbage' },
        { shard: 0, attempt: 2, provider: 1, sampled: false },
        { shard: 1, attempt: 2, provider: 0, sampled: false },
      ],
    },
  ],
  failures: [
    {
      shard: 1,
      attempt: 1,
      provider: cast.providers[2]!.address,
      code: 'attempt-timeout',
      blame: 'provider',
      atMs: unixMs(7),
    },
  ],
})
const receipt = { ...buildReceipt(cast, evidence), verdicts: [named<Hash32>('verdict')] }
const wire = toJson(receipt)
const anchors = {
  market: cast.market,
  quorum: cast.quorum,
  beacon: cast.beacon.info,
  operators: evidence.operators,
}

/** What may differ without harm, and why. */
const free: readonly (readonly [RegExp, string])[] = [
  [/^proof\b/, 'where the settlement is on chain takes a chain to check'],
  [/^evidence\.failures\b/, 'attempts that never committed are a record for people; no money follows from them'],
  [/^verdicts\b/, 'a verdict is judged from its own bundle, which its name guards'],
  [/^openings\.\d+ dropped$/, 'the client adds as many openings as it likes'],
  [/^evidence\.operators\.\d+ dropped$/, 'numbers of operators that earn nothing here are surplus'],
]

const isAccepted = (changed: Json): boolean => {
  const parsed = Receipt.safeParse(changed)
  return parsed.success && verifyReceipt(parsed.data, anchors).ok
}

describe('a receipt', () => {
  it('holds as it is', () => {
    assert.ok(isAccepted(wire))
  })

  it('holds nothing that could be changed unnoticed, save what is listed as free', () => {
    const all = [...mutationsOf(wire)]
    const guarded = all.filter(({ name }) => !free.some(([pattern]) => pattern.test(name)))
    assert.deepEqual(
      guarded.filter(({ value }) => isAccepted(value)).map(({ name }) => name),
      [],
    )
    assert.ok(guarded.length > 550, `only ${guarded.length} mutations`)
    for (const [pattern] of free)
      assert.ok(
        all.some(({ name, value }) => pattern.test(name) && isAccepted(value)),
        String(pattern),
      )
  })
})
