import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { deriveBundleId, isMarketError, VerdictBundle, toJson, usdc, type Hash32 } from '@assay/protocol'
import { buildCase, buildVerdict, createEvidenceCast } from '@assay/testkit'
import type { JobParts } from './job-parts.ts'
import { readVerdicts } from './job-verdicts.ts'
import { openVerdict } from './verdict.ts'

const never = new AbortController().signal
const cast = createEvidenceCast({ validators: 6, threshold: 3, shards: 1 })
const bundle = buildVerdict(cast, await buildCase(cast, 'garbage'))
const other = createEvidenceCast({ label: 'other', validators: 6, threshold: 3, shards: 1 })
const foreign = buildVerdict(other, await buildCase(other, 'garbage'))

const partsWith = (served: VerdictBundle, id: Hash32, quorum = cast.quorum): JobParts =>
  ({
    api: {
      job: async () => ({ orderId: cast.orderId, terms: cast.terms, shards: 1, verdicts: [{ id }] }),
      verdict: async () => VerdictBundle.parse(toJson(served)),
    },
    chain: { reader: { quorum: async () => quorum } },
    domain: cast.market,
    market: { beacon: cast.beacon.info },
    orderId: cast.orderId,
    spec: cast.spec,
  }) as unknown as JobParts
const refusal = async (parts: JobParts): Promise<unknown> => {
  try {
    await readVerdicts(parts, never)
    return 'none'
  } catch (error) {
    if (!isMarketError(error) || error.code !== 'verdict-invalid') throw error
    return error.details['check']
  }
}

describe('verdicts of a job', () => {
  it('come judged, under the name of their bytes, and can be written and read again', async () => {
    const [verdict, ...more] = await readVerdicts(partsWith(bundle, deriveBundleId(bundle)), never)
    assert.ok(verdict !== undefined && more.length === 0)
    assert.deepEqual(
      [verdict.accused, verdict.fault, verdict.stands, verdict.shard, verdict.slashUsdc],
      [cast.providers[0]!.address, 'provider', 'guilty', 0, 10_000_000n],
    )
    assert.equal(openVerdict(verdict.encode()).id, verdict.id)
  })

  it('are refused when they are not what they are called, not of this job, not of this quorum, or do not hold', async () => {
    const id = deriveBundleId(bundle)
    assert.equal(await refusal(partsWith({ ...bundle, signatures: bundle.signatures.toReversed() }, id)), 'name')
    assert.equal(await refusal(partsWith(foreign, deriveBundleId(foreign))), 'order')
    assert.equal(await refusal(partsWith(bundle, id, { ...cast.quorum, threshold: 6 })), 'anchors')
    const bent = { ...bundle, verdict: { ...bundle.verdict, slash: usdc(1n) } }
    assert.equal(await refusal(partsWith(bent, deriveBundleId(bent))), 'signatures')
  })
})
