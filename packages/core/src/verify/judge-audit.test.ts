import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  deriveAttestationDigest,
  deriveAuditCommitDigest,
  type Audit,
  type AuditRound,
  type Signature,
} from '@assay/protocol'
import {
  buildAudit,
  buildEpoch,
  buildRound,
  createEvidenceCast,
  createTestActor,
  junkOf,
  named,
  openingsOf,
  truthOf,
  type AttemptPlan,
  type EvidenceCast,
  type Story,
} from '@assay/testkit'
import { auditSeats } from './audit-seats.ts'
import type { FaultCode } from './fault.ts'
import { judgeAudit, type AuditCase, type AuditJudgement } from './judge-audit.ts'

const cast = createEvidenceCast({ validators: 9, threshold: 5 })
const stranger = createTestActor('stranger')

async function audited(story: Story, on: EvidenceCast = cast): Promise<AuditCase> {
  const plan: AttemptPlan = { shard: 0, provider: 0, sampled: true, story }
  const epoch = await buildEpoch(on, [plan])
  const commit = epoch.commits.get('0/1')!
  const audit = buildAudit(on, epoch, plan, 'sampled')
  const { determinism } = on.spec
  const { proposal, seeded } = epoch
  return { market: on.market, commit, terms: on.terms, determinism, proposal, beacon: seeded.beacon, audit }
}
const seatsOf = ({ proposal, beacon, commit, terms }: AuditCase, round: number, earlier: readonly AuditRound[] = []) =>
  auditSeats({
    proposal,
    beacon,
    commitment: commit.commitment,
    round,
    provider: commit.provider,
    client: terms.client,
    earlier: earlier.flatMap(({ commits }) => commits.map(({ validator }) => validator)),
  })
const outcome = (judged: AuditJudgement): string => (judged.ok ? judged.verdict : judged.fault)
const withRounds = (given: AuditCase, ...rounds: AuditRound[]): AuditCase => ({
  ...given,
  audit: { ...given.audit, rounds },
})

const honest = await audited('honest')
const garbage = await audited('garbage')

describe('judgeAudit', () => {
  const stories: readonly (readonly [Story, string, number, number])[] = [
    ['honest', 'passed', 1, 0],
    ['garbage', 'provider-fault', 4, 0],
    ['unopened', 'provider-fault', 1, 0],
    ['lazy-validator', 'provider-right', 4, 1],
    ['both-wrong', 'both-wrong', 4, 1],
    ['nondeterministic', 'nondeterministic', 4, 0],
  ]
  for (const [story, verdict, paid, wrong] of stories)
    it(`judges ${story}: ${verdict}`, async () => {
      const given = await audited(story)
      const judged = judgeAudit(given)
      assert.ok(judged.ok)
      assert.equal(judged.verdict, verdict)
      assert.equal(judged.paid.length, paid)
      assert.equal(new Set(judged.paid).size, paid)
      assert.equal(judged.validatorsAtFault.length, wrong)
      const auditor = given.audit.rounds[0]!.commits[0]!.validator
      assert.equal(judged.paid[0], auditor)
      if (story === 'garbage' || story === 'unopened') assert.equal(judged.detector, auditor)
      if (wrong > 0) assert.deepEqual(judged.validatorsAtFault, [auditor])
    })

  it('waits for what is missing', () => {
    const [first, second] = garbage.audit.rounds
    assert.equal(outcome(judgeAudit(withRounds(honest, { commits: [], attestations: [] }))), 'pending')
    assert.equal(outcome(judgeAudit(withRounds(honest, { ...honest.audit.rounds[0]!, attestations: [] }))), 'pending')
    assert.equal(outcome(judgeAudit(withRounds(garbage, first!))), 'panel-needed')
    assert.equal(outcome(judgeAudit(withRounds(garbage, first!, { ...second!, attestations: [] }))), 'pending')
    const one = { ...second!, attestations: second!.attestations.slice(0, 1) }
    assert.equal(outcome(judgeAudit(withRounds(garbage, first!, one))), 'pending')
  })

  it('does not depend on the order of commits and attestations', () => {
    const rounds = garbage.audit.rounds.map(({ commits, attestations }) => ({
      commits: commits.toReversed(),
      attestations: [...attestations.slice(1), ...attestations.slice(0, 1)],
    }))
    assert.deepEqual(judgeAudit(withRounds(garbage, ...rounds)), judgeAudit(garbage))
  })

  it('lets the two alternates sit, and nobody after them', async () => {
    const { seats, alternates } = seatsOf(honest, 0)
    const epoch = await buildEpoch(cast, [{ shard: 0, provider: 0, sampled: true }])
    const sitting = (who: readonly `0x${string}`[]): AuditCase =>
      withRounds(
        honest,
        buildRound(cast, epoch, honest.commit, {
          round: 0,
          earlier: [],
          rootOf: () => truthOf(cast, 0),
          who: who as never,
        }),
      )
    for (const who of [[alternates[0]!], [alternates[1]!], [...seats, ...alternates]])
      assert.equal(outcome(judgeAudit(sitting(who))), 'passed')
    const undrawn = cast.quorum.members.find((member) => ![...seats, ...alternates].includes(member))!
    assert.equal(outcome(judgeAudit(sitting([undrawn]))), 'seat-undrawn')
  })

  it('keeps round 0 seats out of the panel', () => {
    const [first, second] = garbage.audit.rounds
    const commits = [...second!.commits, { ...first!.commits[0]!, round: 1 }]
    assert.equal(outcome(judgeAudit(withRounds(garbage, first!, { ...second!, commits }))), 'audit-commit-invalid')
    const actor = cast.validators.find(({ address }) => address === first!.commits[0]!.validator)!
    const promise = { ...first!.commits[0]!, round: 1 }
    const again = { ...promise, signature: actor.signNow(deriveAuditCommitDigest(cast.market, promise)) }
    assert.equal(
      outcome(judgeAudit(withRounds(garbage, first!, { ...second!, commits: [...second!.commits, again] }))),
      'seat-undrawn',
    )
  })

  it('ends a mismatch without a panel when the quorum is too small for one', async () => {
    const small = createEvidenceCast({ validators: 2, threshold: 2 })
    const given = await audited('garbage', small)
    assert.equal(given.audit.rounds.length, 1)
    assert.equal(outcome(judgeAudit(given)), 'nondeterministic')
  })

  const [round] = honest.audit.rounds
  const [promise] = round!.commits
  const [shown] = round!.attestations
  const actor = cast.validators.find(({ address }) => address === promise!.validator)!
  const change = (changes: Partial<AuditRound>): AuditCase => withRounds(honest, { ...round!, ...changes })
  const opening = (changes: Partial<NonNullable<Audit['opening']>>): AuditCase => ({
    ...honest,
    audit: { ...honest.audit, opening: { ...openingsOf(cast).get(honest.commit.commitment)!, ...changes } },
  })
  const junkSignature = stranger.signNow(named('anything'))
  const shownAs = (changes: object): AuditCase => {
    const attestation = { ...shown!, ...changes }
    const signature: Signature = actor.signNow(deriveAttestationDigest(cast.market, attestation))
    return change({ attestations: [{ ...attestation, signature }] })
  }
  const wrong: readonly (readonly [string, FaultCode, () => AuditCase])[] = [
    [
      'the audit of another commit',
      'audit-unknown',
      () => ({ ...honest, audit: { ...honest.audit, commitment: named('x') } }),
    ],
    [
      'a commit of another order',
      'order-mismatch',
      () => ({ ...honest, terms: { ...honest.terms, salt: named('x') } }),
    ],
    [
      'an epoch of another aggregator',
      'order-mismatch',
      () => ({ ...honest, proposal: { ...honest.proposal, aggregator: stranger.address } }),
    ],
    [
      'a commit that its provider did not sign',
      'commit-signature-invalid',
      () => ({ ...honest, commit: { ...honest.commit, signature: junkSignature } }),
    ],
    ['an opening with another root', 'opening-mismatch', () => opening({ resultRoot: junkOf(cast, 0, 'x') })],
    ['an opening with another salt', 'opening-mismatch', () => opening({ salt: named('x') })],
    ['a third round', 'rounds-too-many', () => withRounds(garbage, ...garbage.audit.rounds, round!)],
    [
      'a panel after an agreement',
      'round-unneeded',
      () => withRounds(honest, round!, { commits: [], attestations: [] }),
    ],
    [
      'an audit commit with another signature',
      'audit-commit-invalid',
      () => change({ commits: [{ ...promise!, signature: junkSignature }] }),
    ],
    [
      'an audit commit of another round',
      'audit-commit-invalid',
      () => change({ commits: [{ ...promise!, round: 1 }] }),
    ],
    [
      'an audit commit to another commit',
      'audit-commit-invalid',
      () => change({ commits: [{ ...promise!, commitment: named('x') }] }),
    ],
    ['the same seat twice', 'seat-repeated', () => change({ commits: [promise!, promise!] })],
    ['the same attestation twice', 'seat-repeated', () => change({ attestations: [shown!, shown!] })],
    ['an attestation without a commit', 'attestation-uncommitted', () => change({ commits: [] })],
    [
      'an attestation with another signature',
      'attestation-invalid',
      () => change({ attestations: [{ ...shown!, signature: junkSignature }] }),
    ],
    ['an attestation of another round', 'attestation-invalid', () => shownAs({ round: 1 })],
    ['an attestation of another commit', 'attestation-invalid', () => shownAs({ commitment: named('x') })],
    ['a result that was not committed to', 'attestation-mismatch', () => shownAs({ resultRoot: junkOf(cast, 0, 'x') })],
    ['a salt that was not committed to', 'attestation-mismatch', () => shownAs({ salt: named('x') })],
  ]
  for (const [what, code, make] of wrong)
    it(`refuses ${what}: ${code}`, () => {
      assert.equal(outcome(judgeAudit(make())), code)
    })
})
