import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createEnvelope, toJson, type Audit, type Envelope } from '@assay/protocol'
import {
  buildAudit,
  buildEpoch,
  buildEvidence,
  buildRound,
  createEvidenceCast,
  createTestActor,
  junkOf,
  named,
  truthOf,
  type AttemptPlan,
} from '@assay/testkit'
import { auditSeats } from './audit-seats.ts'
import { checkChallenges } from './check-challenges.ts'
import { judgeAudit, type AuditJudgement } from './judge-audit.ts'
import { judgeEvidence } from './judge-evidence.ts'

const cast = createEvidenceCast()
const { client, market, terms } = cast
const stranger = createTestActor('stranger')
const challenge = async (commitment: string, fields: object = {}, signer = client): Promise<Envelope> => {
  const body = { chainId: market.chainId, escrow: market.escrow, commitment, why: 'doubt', atMs: 1, ...fields }
  return createEnvelope('challenge/1', toJson(body), signer)
}
const commitment = named<Audit['commitment']>('commit')
const outcome = (reason: Audit['reason'], challenges?: Envelope[]): string => {
  const checked = checkChallenges(
    { commitment, reason, ...(challenges && { challenges }) },
    { market, client: client.address },
  )
  return checked.ok ? (checked.panel ? 'panel' : 'audit') : checked.fault
}

const plan: AttemptPlan = { shard: 0, provider: 0, sampled: true }
const epoch = await buildEpoch(cast, [plan])

describe('checkChallenges', () => {
  it('lets one challenge make an audit due, and one more call a panel', async () => {
    const [one, two] = [await challenge(commitment), await challenge(commitment, { atMs: 2 })]
    assert.equal(outcome('sampled'), 'audit')
    assert.equal(outcome('challenged', [one]), 'audit')
    assert.equal(outcome('challenged', [one, two]), 'panel')
    assert.equal(outcome('sampled', [one]), 'panel')
    assert.equal(outcome('contagion', [one]), 'panel')
  })

  it('refuses what is missing, repeated, or more than can count', async () => {
    const [one, two] = [await challenge(commitment), await challenge(commitment, { atMs: 2 })]
    assert.equal(outcome('challenged'), 'challenge-missing')
    assert.equal(outcome('challenged', [one, one]), 'challenge-repeated')
    assert.equal(outcome('sampled', [one, two]), 'challenge-repeated')
  })

  it('refuses what is not the client’s word about this commit', async () => {
    assert.equal(outcome('sampled', [await challenge(commitment, {}, stranger)]), 'challenge-signer-mismatch')
    assert.equal(outcome('sampled', [await challenge(commitment, { chainId: 1 })]), 'challenge-mismatch')
    assert.equal(outcome('sampled', [await challenge(named('other'))]), 'challenge-mismatch')
    assert.equal(outcome('sampled', [await challenge(commitment, { why: 'Because!' })]), 'challenge-invalid')
    const good = await challenge(commitment)
    assert.equal(outcome('sampled', [{ ...good, signer: stranger.address }]), 'challenge-invalid')
  })
})

describe('an audit that was challenged', () => {
  const commit = epoch.commits.get('0/1')!
  const passed = buildAudit(cast, epoch, plan, 'sampled')
  const first = passed.rounds[0]!.commits.map(({ validator }) => validator)
  const judge = (audit: Audit): AuditJudgement =>
    judgeAudit({
      market,
      commit,
      terms,
      determinism: 'D1',
      proposal: epoch.proposal,
      beacon: epoch.seeded.beacon,
      audit,
    })
  const verdict = (audit: Audit): string => {
    const judged = judge(audit)
    return judged.ok ? judged.verdict : judged.fault
  }
  const panel = (rootOf: Parameters<typeof buildRound>[3]['rootOf']) =>
    buildRound(cast, epoch, commit, { round: 1, earlier: first, rootOf })
  const demanded = async (rounds = passed.rounds): Promise<Audit> => ({
    ...passed,
    rounds,
    challenges: [await challenge(commit.commitment)],
  })
  const truth = truthOf(cast, 0)

  it('needs a panel although it passed, and only then may it have one', async () => {
    assert.equal(verdict(passed), 'passed')
    assert.equal(verdict(await demanded()), 'panel-needed')
    assert.equal(verdict({ ...passed, rounds: [...passed.rounds, panel(() => truth)] }), 'round-unneeded')
  })

  it('stands when the panel finds the same, and counts as passed', async () => {
    assert.equal(verdict(await demanded([...passed.rounds, panel(() => truth)])), 'provider-right')
  })

  it('convicts provider and auditor when the panel agrees on something else', async () => {
    const judged = judge(await demanded([...passed.rounds, panel(() => junkOf(cast, 0, 'panel'))]))
    assert.ok(judged.ok)
    assert.equal(judged.verdict, 'both-wrong')
    assert.deepEqual(judged.validatorsAtFault, first)
    assert.ok(!first.includes(judged.detector!), 'the finder is of the panel')
  })

  it('is pending while the panel is split and more of it can speak', async () => {
    const split = panel((validator) => junkOf(cast, 0, validator))
    const two = { commits: split.commits.slice(0, 2), attestations: split.attestations.slice(0, 2) }
    assert.equal(verdict(await demanded([...passed.rounds, two])), 'pending')
    assert.equal(verdict(await demanded([...passed.rounds, split])), 'nondeterministic')
  })

  it('leaves an audit standing that no panel can be drawn for', async () => {
    const small = createEvidenceCast({ validators: 2, threshold: 2 })
    const few = await buildEpoch(small, [plan])
    const own = few.commits.get('0/1')!
    const audit = buildAudit(small, few, plan, 'sampled')
    const challenges = [await challenge(own.commitment)]
    const { proposal, seeded } = few
    const { determinism } = small.spec
    const facts = {
      market: small.market,
      commit: own,
      terms: small.terms,
      determinism,
      proposal,
      beacon: seeded.beacon,
    }
    const judged = judgeAudit({ ...facts, audit: { ...audit, challenges } })
    assert.ok(judged.ok)
    assert.equal(judged.verdict, 'passed', 'or a client could challenge its way out of paying')
  })

  it('is evidence of an unsampled commit, paid or not by what it finds', async () => {
    const unsampled: AttemptPlan = { ...plan, sampled: false }
    const evidence = await buildEvidence(cast, { epochs: [{ attempts: [unsampled] }] })
    const [leaf] = evidence.epochs[0]!.leaves
    const built = { seeded: evidence.epochs[0]!, proposal: epoch.proposal, commits: new Map([['0/1', leaf!.commit]]) }
    const { proposal } = await buildEpoch(cast, [unsampled])
    const challenges = [await challenge(leaf!.commit.commitment)]
    const bare = { ...built, proposal }
    const rounds = [buildRound(cast, bare, leaf!.commit, { round: 0, earlier: [], rootOf: () => truth })]
    const opening = buildAudit(cast, bare, unsampled, 'contagion').opening!
    const audit: Audit = { commitment: leaf!.commit.commitment, reason: 'challenged', opening, rounds, challenges }
    const judged = judgeEvidence({ ...evidence, audits: [audit] })
    assert.ok(judged.ok, 'fault' in judged ? judged.fault : '')
    assert.equal(judged.shards[0]!.accepted?.verdict, 'passed')
    assert.equal(judged.bill.payees.length, 2, 'provider and auditor are paid')
    const { challenges: _, ...bareAudit } = audit
    const without = judgeEvidence({ ...evidence, audits: [bareAudit] })
    assert.equal('fault' in without && without.fault, 'challenge-missing')
    const drawn = judgeEvidence({ ...evidence, audits: [{ ...audit, reason: 'sampled' }] })
    assert.equal('fault' in drawn && drawn.fault, 'reason-mismatch')
  })
})

describe('a seat that committed and does not show its result', () => {
  const commit = epoch.commits.get('0/1')!
  const honest = buildAudit(cast, epoch, plan, 'sampled')
  const truth = truthOf(cast, 0)
  const judge = (audit: Audit): AuditJudgement =>
    judgeAudit({
      market,
      commit,
      terms,
      determinism: 'D1',
      proposal: epoch.proposal,
      beacon: epoch.seeded.beacon,
      audit,
    })
  /** Seats drawn for round 0: the auditor, then its alternates. */
  const { seats, alternates } = auditSeats({
    proposal: epoch.proposal,
    beacon: epoch.seeded.beacon,
    commitment: commit.commitment,
    round: 0,
    provider: commit.provider,
    client: client.address,
    earlier: [],
  })
  const who = [seats[0]!, alternates[0]!]
  const both = buildRound(cast, epoch, commit, { round: 0, earlier: [], rootOf: () => truth, who })
  const hidden = { ...both, attestations: both.attestations.filter(({ validator }) => validator === who[1]) }

  it('does not let its alternate pass the provider alone', () => {
    const judged = judge({ ...honest, rounds: [hidden] })
    assert.ok(judged.ok)
    assert.equal(judged.verdict, 'panel-needed', 'what it hid may have been a mismatch')
    assert.deepEqual(judged.unopened, [who[0]])
    assert.deepEqual(judged.paid, [who[1]])
  })

  it('changes nothing for a provider that is right, and convicts one that is not', () => {
    const found = (rootOf: () => typeof truth) => {
      const panel = buildRound(cast, epoch, commit, { round: 1, earlier: who, rootOf })
      const judged = judge({ ...honest, rounds: [hidden, panel] })
      assert.ok(judged.ok, 'fault' in judged ? judged.fault : '')
      return judged
    }
    assert.equal(found(() => truth).verdict, 'provider-right')
    const caught = found(() => junkOf(cast, 0, 'panel'))
    assert.equal(caught.verdict, 'both-wrong')
    assert.deepEqual(caught.unopened, [who[0]])
  })

  it('cannot bring a panel to nondeterminism by silence: the others are asked, and the rest waits', () => {
    const junk = buildAudit(cast, epoch, { ...plan, story: 'lazy-validator' }, 'sampled')
    const panel = junk.rounds[1]!
    const muted = { ...panel, attestations: panel.attestations.slice(0, 1) }
    const judged = judge({ ...junk, rounds: [junk.rounds[0]!, muted] })
    assert.ok(judged.ok)
    assert.equal(judged.verdict, 'pending')
    assert.equal(judged.unopened.length, 2)
  })
})
