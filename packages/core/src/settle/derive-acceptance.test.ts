import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { basisPoints, deriveResultsRoot, usdc, type OperatorIndex } from '@assay/protocol'
import { buildEvidence, createEvidenceCast } from '@assay/testkit'
import { deriveAcceptance } from './derive-acceptance.ts'

const cast = createEvidenceCast({ shards: 3 })
const attempts = [0, 1, 2].map((shard) => ({ shard, provider: shard % 2, sampled: false }))
const { epochs } = await buildEvidence(cast, { epochs: [{ attempts }] })
const commits = epochs.flatMap(({ leaves }) => leaves.map(({ commit }) => commit))
const operators = cast.providers.map(({ address }, i) => ({ address, index: (10 - i) as OperatorIndex }))
const given = { priceUsdc: usdc(333_333n), feeBps: basisPoints(250), commits, operators }

describe('deriveAcceptance', () => {
  it('pays the price for each accepted result, by operator, and the fee on top, rounded down', () => {
    const derived = deriveAcceptance(given)
    assert.ok(derived.ok)
    assert.deepEqual(derived.payouts, [
      { index: 9, amount: 333_333n },
      { index: 10, amount: 666_666n },
    ])
    assert.deepEqual([derived.feeUsdc, derived.chargedUsdc], [24_999n, 1_024_998n])
    assert.equal(derived.resultsRoot, deriveResultsRoot(commits))
    assert.deepEqual(deriveAcceptance({ ...given, commits: commits.toReversed() }), derived)
  })

  it('refuses nothing, a shard twice, and payees without a number', () => {
    const faultOf = (change: Partial<typeof given>): unknown => {
      const derived = deriveAcceptance({ ...given, ...change })
      return derived.ok ? undefined : derived.fault
    }
    assert.equal(faultOf({ commits: [] }), 'batch-empty')
    assert.equal(faultOf({ commits: [...commits, commits[0]!] }), 'shard-accepted-twice')
    assert.equal(faultOf({ operators: operators.slice(0, 1) }), 'operator-missing')
  })
})
