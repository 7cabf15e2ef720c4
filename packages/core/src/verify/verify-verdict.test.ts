import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  deriveBundleId,
  deriveVerdictDigest,
  deriveVerdictId,
  isMarketError,
  sha256Hex,
  encodeVerdictBundle,
  usdc,
  verdictOutcomes,
  type Address,
  type VerdictBundle,
} from '@assay/protocol'
import {
  buildAppeal,
  buildCase,
  builtStake,
  buildVerdict,
  createBench,
  createEvidenceCast,
  junkOf,
  truthOf,
} from '@assay/testkit'
import { assertVerdict, verdictChecks, verifyVerdict, type VerdictAnchors } from './verify-verdict.ts'

const cast = createEvidenceCast({ validators: 9, threshold: 5, shards: 2 })
const bench = createBench(9)
const failing = (bundle: VerdictBundle, anchors: VerdictAnchors = {}): string | undefined =>
  verifyVerdict(bundle, anchors).checks.find(({ status }) => status === 'failed')?.name
const resigned = (bundle: VerdictBundle, change: Partial<VerdictBundle['verdict']>): VerdictBundle => {
  const verdict = { ...bundle.verdict, ...change }
  const digest = deriveVerdictDigest(cast.market, verdict)
  return { ...bundle, verdict, signatures: cast.validators.map((validator) => validator.signNow(digest)) }
}
const garbage = await buildCase(cast, 'garbage')
const verdict = buildVerdict(cast, garbage)

describe('verifyVerdict', () => {
  it('runs every check in order, and says what stands', () => {
    const report = verifyVerdict(verdict, { market: cast.market, quorum: cast.quorum })
    assert.deepEqual(
      report.checks.map(({ name }) => name),
      [...verdictChecks],
    )
    assert.deepEqual(
      report.checks.filter(({ status }) => status !== 'passed').map(({ name }) => name),
      ['appeals'],
    )
    assert.equal(report.ok, true)
    assert.equal(report.stands, 'guilty')
    assert.equal(report.bundleId, deriveBundleId(verdict))
    assert.equal(report.bundleId, sha256Hex(encodeVerdictBundle(verdict)))
    assert.equal(report.verdictId, deriveVerdictId(verdict.verdict))
  })

  it('holds for every way in which a provider is convicted', async () => {
    for (const story of ['garbage', 'unopened', 'both-wrong'] as const)
      assert.equal(failing(buildVerdict(cast, await buildCase(cast, story))), undefined, story)
  })

  it('holds for validators that the panel outvoted, and names the first seat that was right as detector', async () => {
    for (const story of ['lazy-validator', 'both-wrong'] as const) {
      const built = await buildCase(cast, story)
      const accused = built.audit.rounds[0]!.commits[0]!.validator
      const bundle = buildVerdict(cast, built, { accused })
      assert.equal(failing(bundle), undefined, story)
      assert.ok(built.audit.rounds[1]!.commits.some(({ validator }) => validator === bundle.verdict.detector))
      assert.equal(bundle.verdict.slash, 100n * bundle.spec.auditFeeUsdc, 'more than a tenth of the stake')
    }
  })

  it('refuses a verdict that the quorum signed although it does not follow', () => {
    const stranger = cast.validators[8]!.address
    const wrong: readonly [Partial<VerdictBundle['verdict']>, string][] = [
      [{ accused: stranger, outcome: verdictOutcomes.validatorFault }, 'decision'],
      [{ accused: stranger }, 'decision'],
      [{ detector: cast.client.address }, 'detector'],
      [{ slash: usdc(10_000_001n) }, 'slash'],
      [{ slash: usdc(0n) }, 'slash'],
      [{ shard: 1 }, 'commit'],
      [{ evidence: deriveVerdictId(verdict.verdict) }, 'evidence'],
    ]
    for (const [change, name] of wrong) assert.equal(failing(resigned(verdict, change)), name)
  })

  it('refuses a conviction of a provider whose audit passed', async () => {
    const honest = await buildCase(cast, 'honest')
    assert.equal(failing({ ...verdict, epoch: honest.epoch.seeded, audit: honest.audit }), 'evidence')
  })

  it('knows the exact amount once it knows the stake', () => {
    const anchors = { accused: { stakeUsdc: builtStake, priorFaults: 0 } }
    assert.equal(failing(verdict, anchors), undefined)
    assert.equal(failing(resigned(verdict, { slash: usdc(verdict.verdict.slash - 1n) }), anchors), 'slash')
    assert.equal(failing(resigned(verdict, { slash: usdc(verdict.verdict.slash - 1n) })), undefined)
  })

  it('refuses what is not of the anchors', () => {
    const other = createEvidenceCast({ validators: 7, threshold: 4 })
    assert.equal(failing(verdict, { quorum: other.quorum }), 'anchors')
    assert.equal(failing(verdict, { market: { ...cast.market, chainId: 1 } }), 'anchors')
    assert.equal(failing(verdict, { beacon: { ...cast.beacon.info, periodMs: 1 } }), 'anchors')
  })

  it('says what stands after appeals, and refuses rulings that do not follow', async () => {
    const liar = (validator: Address) => junkOf(cast, 0, validator)
    const lost = buildAppeal(cast, garbage, { bench, verdict: verdict.verdict })
    assert.equal(verifyVerdict({ ...verdict, appeals: [lost] }).stands, 'guilty')
    const unruled = buildAppeal(cast, garbage, { bench, verdict: verdict.verdict, rootOf: liar })
    assert.equal(unruled.ruling, undefined)
    assert.equal(verifyVerdict({ ...verdict, appeals: [unruled] }).stands, 'guilty')
    assert.equal(failing({ ...verdict, appeals: [unruled, lost] }), 'appeals')
    const forged = { ...lost, ruling: { ...lost.ruling!, guilty: false } }
    assert.equal(failing({ ...verdict, appeals: [forged] }), 'appeals')
    const few = { ...lost, ruling: { ...lost.ruling!, signatures: lost.ruling!.signatures.slice(1) } }
    assert.equal(failing({ ...verdict, appeals: [few] }), 'appeals')
    assert.equal(failing({ ...verdict, appeals: [lost] }, { benches: [cast.quorum] }), 'anchors')
  })

  it('clears a framed provider and convicts the validators that framed it', async () => {
    // To the audit the honest result of the provider is the odd one out: auditor and panel agree on something else.
    const framed = await buildCase(cast, 'garbage')
    const bundle = buildVerdict(cast, framed)
    const honest = framed.audit.opening!.resultRoot
    assert.notEqual(honest, truthOf(cast, 0))
    const appeal = buildAppeal(cast, framed, { bench, verdict: bundle.verdict, rootOf: () => honest })
    assert.equal(verifyVerdict({ ...bundle, appeals: [appeal] }).stands, 'innocent')
    const overturned = { accused: bundle.verdict.accused, outcome: bundle.verdict.outcome, appeals: [appeal] }
    const framers = framed.audit.rounds.flatMap(({ commits }) => commits.map(({ validator }) => validator))
    assert.equal(framers.length, 4)
    for (const accused of framers) {
      const conviction = buildVerdict(cast, framed, { accused, overturned })
      assert.equal(failing(conviction), undefined)
      const { overturned: _, ...without } = conviction
      assert.equal(failing(without), 'evidence')
    }
  })
})

describe('assertVerdict', () => {
  it('throws the first check that fails', () => {
    assert.throws(
      () => assertVerdict({ ...verdict, signatures: verdict.signatures.slice(1) }),
      (error: unknown) =>
        isMarketError(error) && error.code === 'verdict-invalid' && error.details['check'] === 'signatures',
    )
    assert.ok(assertVerdict(verdict).ok)
  })
})
