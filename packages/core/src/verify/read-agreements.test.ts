import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  createEnvelope,
  toJson,
  type Agreement,
  type AuditRound,
  type Envelope,
  type ResultRoot,
} from '@assay/protocol'
import {
  addAgreements,
  buildAudit,
  buildEpoch,
  buildEvidence,
  buildRound,
  createEvidenceCast,
  junkOf,
  named,
  openingsOf,
  truthOf,
  type AttemptPlan,
} from '@assay/testkit'
import { auditSeats } from './audit-seats.ts'
import type { FaultCode } from './fault.ts'
import { judgeAudit, type AuditCase, type AuditJudgement } from './judge-audit.ts'
import { judgeEvidence } from './judge-evidence.ts'

const tolerance = {
  absolute: '1e-9',
  relative: '0',
  outlierPpm: 0,
  outlierFactor: '1',
  files: [{ files: '*', comparator: 'csv' }],
}
const cast = createEvidenceCast({ validators: 9, threshold: 5, spec: { determinism: 'D3', tolerance } })

async function audited(plan: Partial<AttemptPlan>): Promise<AuditCase> {
  const attempt: AttemptPlan = { shard: 0, provider: 0, sampled: true, ...plan }
  const epoch = await buildEpoch(cast, [attempt])
  const commit = epoch.commits.get('0/1')!
  const audit = buildAudit(cast, epoch, attempt, 'sampled')
  const { market, terms } = cast
  return { market, commit, terms, determinism: 'D3', proposal: epoch.proposal, beacon: epoch.seeded.beacon, audit }
}
const outcome = (judged: AuditJudgement): string => (judged.ok ? judged.verdict : judged.fault)
const withRounds = (given: AuditCase, ...rounds: readonly AuditRound[]): AuditCase => ({
  ...given,
  audit: { ...given.audit, rounds: [...rounds] },
})
const near = () => true

describe('an audit of class D3', () => {
  it('passes results that differ and agree, and convicts one that does not agree', async () => {
    assert.equal(outcome(judgeAudit(await audited({ story: 'lazy-validator', agree: near }))), 'passed')
    assert.equal(outcome(judgeAudit(await audited({ story: 'honest' }))), 'passed')
    assert.equal(outcome(judgeAudit(await audited({ story: 'garbage' }))), 'provider-fault')
    assert.equal(outcome(judgeAudit(await audited({ story: 'nondeterministic' }))), 'nondeterministic')
    const truth = truthOf(cast, 0)
    const spread = await audited({ story: 'lazy-validator', agree: (own) => own === truth })
    // The panel agrees with provider and auditor, who are too far apart from each other.
    const judged = judgeAudit(spread)
    assert.ok(judged.ok)
    assert.deepEqual([judged.verdict, judged.validatorsAtFault, judged.paid.length], ['provider-right', [], 4])
  })

  it('needs no agreement where the provider showed nothing to compare', async () => {
    const unopened = await audited({ story: 'unopened' })
    assert.equal(outcome(judgeAudit(unopened)), 'provider-fault')
    const [round] = unopened.audit.rounds
    const said = addAgreements(cast, round!, { shown: [], agree: near })
    assert.equal(outcome(judgeAudit(withRounds(unopened, said))), 'agreement-unneeded')
  })

  it('counts and pays no result whose seat has not said what agrees', async () => {
    const given = await audited({ story: 'lazy-validator', agree: near })
    const [round] = given.audit.rounds
    const silent = judgeAudit(withRounds(given, { ...round!, agreements: [] }))
    assert.ok(silent.ok)
    assert.deepEqual([silent.verdict, silent.paid], ['pending', []])
    const panel = await audited({ story: 'garbage' })
    const [first, second] = panel.audit.rounds
    const two = judgeAudit(withRounds(panel, first!, { ...second!, agreements: second!.agreements!.slice(0, 1) }))
    assert.ok(two.ok)
    assert.deepEqual([two.verdict, two.paid.length], ['pending', 2])
  })

  it('calls a panel over a first seat that kept its agreement back, and convicts it of nothing', async () => {
    const agreed = await audited({ story: 'honest' })
    assert.equal(outcome(judgeAudit(agreed)), 'passed')
    const [round] = agreed.audit.rounds
    const epoch = await buildEpoch(cast, [{ shard: 0, provider: 0, sampled: true }])
    const { proposal, beacon, commit } = agreed
    const { commitment, provider } = commit
    const place = { proposal, beacon, commitment, round: 0, provider, client: cast.terms.client, earlier: [] }
    const who = auditSeats(place).alternates.slice(0, 1)
    const opened = agreed.audit.opening!.resultRoot
    const plan = { round: 0, earlier: [], rootOf: () => opened, who }
    const second = addAgreements(cast, buildRound(cast, epoch, commit, plan), { shown: [opened], agree: near })
    const both = {
      commits: [...round!.commits, ...second.commits],
      attestations: [...round!.attestations, ...second.attestations],
      agreements: second.agreements!,
    }
    const judged = judgeAudit(withRounds(agreed, both))
    assert.ok(judged.ok)
    assert.deepEqual([judged.verdict, judged.paid.length, judged.unopened], ['panel-needed', 1, []])
  })

  it('has agreements in no other class', async () => {
    const given = await audited({ story: 'honest' })
    for (const determinism of ['D1', 'D2'] as const)
      assert.equal(outcome(judgeAudit({ ...given, determinism })), 'agreement-unneeded')
  })

  it('names the fault of every agreement that is not what its seat may say', async () => {
    const given = await audited({ story: 'lazy-validator', agree: near })
    const round = given.audit.rounds[0]!
    const [agreement] = round.agreements!
    const body = JSON.parse(agreement!.payload) as Agreement
    const own = cast.validators.find(({ address }) => address === agreement!.signer)!
    const other = cast.validators.find(({ address }) => address !== agreement!.signer)!
    const signed = async (fields: object, signer = own): Promise<Envelope> =>
      createEnvelope('agreement/1', toJson({ ...body, ...fields }), signer)
    const cases: readonly (readonly [string, readonly Envelope[], FaultCode])[] = [
      ['twice', [agreement!, agreement!], 'agreement-invalid'],
      ['another market', [await signed({ chainId: 1 })], 'agreement-invalid'],
      ['another commit', [await signed({ commitment: named('other') })], 'agreement-invalid'],
      ['another round', [await signed({ round: 1 })], 'agreement-invalid'],
      ['another result', [await signed({ resultRoot: named('other') })], 'agreement-invalid'],
      ['no seat', [await signed({}, other)], 'agreement-invalid'],
      ['agrees with what was not shown', [await signed({ shown: [] })], 'agreement-invalid'],
      ['another kind', [{ ...agreement!, kind: 'lease/1' }], 'agreement-invalid'],
      [
        'a spoiled signature',
        [{ ...(await signed({ agrees: [] })), payload: agreement!.payload }],
        'agreement-invalid',
      ],
      ['the provider’s result not shown', [await signed({ shown: [], agrees: [] })], 'agreement-incomplete'],
    ]
    for (const [name, agreements, code] of cases)
      assert.equal(outcome(judgeAudit(withRounds(given, { ...round, agreements: [...agreements] }))), code, name)
    const more = [named<ResultRoot>('never found'), ...body.shown].toSorted()
    assert.equal(
      outcome(judgeAudit(withRounds(given, { ...round, agreements: [await signed({ shown: more })] }))),
      'passed',
    )
  })

  it('wants a panel to have been shown the first result and each other', async () => {
    const given = await audited({ story: 'nondeterministic' })
    const [first, second] = given.audit.rounds
    const opened = given.audit.opening!.resultRoot
    const found = first!.attestations.map(({ resultRoot }) => resultRoot)
    const plain: AuditRound = { commits: second!.commits, attestations: second!.attestations }
    const judge = (round: AuditRound): string => outcome(judgeAudit(withRounds(given, first!, round)))
    assert.equal(judge(addAgreements(cast, plain, { shown: [opened, ...found], agree: near })), 'provider-right')
    assert.equal(judge(addAgreements(cast, plain, { shown: [opened], agree: near })), 'agreement-incomplete')
    assert.equal(judge(addAgreements(cast, plain, { shown: found, agree: near })), 'agreement-incomplete')
    const alone = plain.attestations.map((attestation) =>
      addAgreements(cast, { ...plain, attestations: [attestation] }, { shown: [opened, ...found], agree: near }),
    )
    const agreements = alone.flatMap((one) => one.agreements ?? [])
    assert.equal(judge({ ...plain, agreements }), 'agreement-incomplete')
    // One seat that was left out by all speaks for itself alone: nobody else counts then.
    assert.equal(judge({ ...plain, agreements: agreements.slice(0, 1) }), 'pending')
  })

  it('compares with no failed run', async () => {
    const epoch = await buildEpoch(cast, [{ shard: 0, provider: 0, sampled: true }])
    const commit = epoch.commits.get('0/1')!
    const round = buildRound(cast, epoch, commit, { round: 0, earlier: [], rootOf: () => junkOf(cast, 0, 'x') })
    const opening = openingsOf(cast).get(commit.commitment)!
    const said = addAgreements(cast, round, { shown: [opening.resultRoot], agree: near })
    const { market, terms } = cast
    const audit = { commitment: commit.commitment, reason: 'sampled' as const, opening, rounds: [said] }
    const given = { market, commit, terms, proposal: epoch.proposal, beacon: epoch.seeded.beacon, audit }
    assert.equal(outcome(judgeAudit({ ...given, determinism: 'D3' })), 'passed')
  })
})

describe('evidence of class D3', () => {
  it('holds with its agreements, and pays what agreed', async () => {
    const evidence = await buildEvidence(cast, {
      epochs: [
        {
          attempts: [
            { shard: 0, provider: 0, sampled: true, story: 'lazy-validator', agree: near },
            { shard: 1, provider: 1, sampled: true, story: 'garbage' },
            { shard: 2, provider: 2, sampled: true },
          ],
        },
      ],
    })
    const judged = judgeEvidence(evidence)
    assert.ok(judged.ok, judged.ok ? '' : judged.fault)
    assert.deepEqual(
      judged.shards.map(({ commits }) => commits[0]?.verdict),
      ['passed', 'provider-fault', 'passed', undefined],
    )
    assert.deepEqual(judged.convicted, [cast.providers[1]!.address])
  })
})
