import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { verdictOutcomes, type Appeal } from '@assay/protocol'
import {
  buildAppeal,
  buildCase,
  buildVerdict,
  createBench,
  createEvidenceCast,
  junkOf,
  openingsOf,
  truthOf,
} from '@assay/testkit'
import { judgeAppeal, type AppealCase } from './judge-appeal.ts'

const cast = createEvidenceCast({ validators: 7, threshold: 4, shards: 1 })
const bench = createBench(12)
const built = await buildCase(cast, 'garbage')
const { verdict } = buildVerdict(cast, built)
const heard = buildAppeal(cast, built, { bench, verdict })
const caseWith = (appeal: Appeal, before: readonly Appeal[] = []): AppealCase => ({
  market: cast.market,
  terms: cast.terms,
  determinism: cast.spec.determinism,
  commit: built.commit,
  proposal: built.epoch.proposal,
  beacon: built.epoch.seeded.beacon,
  audit: built.audit,
  verdict,
  before,
  appeal,
})
const faultOf = (appeal: Appeal, before: readonly Appeal[] = []): string => {
  const judged = judgeAppeal(caseWith(appeal, before))
  return judged.ok ? judged.ruling : judged.fault
}

describe('judgeAppeal', () => {
  it('hears nothing of class D3, in which results agree that are not equal', () => {
    const judged = judgeAppeal({ ...caseWith(heard), determinism: 'D3' })
    assert.equal(judged.ok ? judged.ruling : judged.fault, 'class-unsettleable')
  })

  it('confirms a provider whose result nobody else finds', () => {
    assert.equal(faultOf(heard), 'guilty')
    assert.equal(heard.commits.length, 7)
  })

  it('does not depend on the order of commits and attestations', () => {
    const turned = {
      ...heard,
      commits: heard.commits.toReversed(),
      attestations: [...heard.attestations.slice(3), ...heard.attestations.slice(0, 3)],
    }
    assert.deepEqual(judgeAppeal(caseWith(turned)), judgeAppeal(caseWith(heard)))
  })

  it('names everyone who found something else than the bench, in the audit and in the appeal', () => {
    const honest = built.audit.opening!.resultRoot
    const odd = heard.commits[2]!.validator
    const appeal = buildAppeal(cast, built, {
      bench,
      verdict,
      rootOf: (validator) => (validator === odd ? junkOf(cast, 0, odd) : honest),
    })
    const judged = judgeAppeal(caseWith(appeal))
    assert.ok(judged.ok)
    assert.equal(judged.ruling, 'innocent')
    const framers = built.audit.rounds.flatMap(({ commits }) => commits.map(({ validator }) => validator))
    assert.deepEqual(new Set(judged.outvoted), new Set([...framers, odd]))
    assert.ok(judged.detector !== undefined && !judged.outvoted.includes(judged.detector))
  })

  it('lets alternates sit for those who are silent, and does not rule without a majority of the seats', () => {
    const two = new Set(heard.commits.slice(0, 2).map(({ validator }) => validator))
    const replaced = buildAppeal(cast, built, { bench, verdict, silent: two })
    assert.equal(replaced.commits.length, 7)
    assert.equal(faultOf(replaced), 'guilty')
    const many = new Set(bench.slice(0, 9).map(({ address }) => address))
    assert.equal(faultOf(buildAppeal(cast, built, { bench, verdict, silent: many })), 'none')
    assert.equal(faultOf(buildAppeal(cast, built, { bench: createBench(3), verdict })), 'none')
  })

  it('asks more seats for the next appeal, and nobody who sat before', () => {
    const large = createBench(31)
    const second = buildAppeal(cast, built, { bench: large, verdict, before: [heard] })
    assert.equal(second.round, 2)
    assert.equal(second.commits.length, 15)
    const before = new Set(heard.commits.map(({ validator }) => validator))
    assert.ok(second.commits.every(({ validator }) => !before.has(validator)))
    assert.equal(faultOf(second, [heard]), 'guilty')
    assert.equal(faultOf(second), 'rounds-too-many')
  })

  it('clears a provider that opens before the bench and was right', async () => {
    const silent = await buildCase(cast, 'unopened')
    const opening = openingsOf(cast).get(silent.commit.commitment)!
    const { verdict: conviction } = buildVerdict(cast, silent)
    const common = { ...caseWith(heard), commit: silent.commit, proposal: silent.epoch.proposal, audit: silent.audit }
    const about = { ...common, beacon: silent.epoch.seeded.beacon, verdict: conviction }
    assert.equal(opening.resultRoot, truthOf(cast, 0))
    const opened = judgeAppeal({ ...about, appeal: buildAppeal(cast, silent, { bench, verdict: conviction, opening }) })
    assert.equal(opened.ok && opened.ruling, 'innocent')
    const still = judgeAppeal({ ...about, appeal: buildAppeal(cast, silent, { bench, verdict: conviction }) })
    assert.equal(still.ok && still.ruling, 'guilty')
    const other = { ...opening, resultRoot: junkOf(cast, 0, 'other') }
    const appeal = { ...buildAppeal(cast, silent, { bench, verdict: conviction }), opening: other }
    const forged = judgeAppeal({ ...about, appeal })
    assert.equal(!forged.ok && forged.fault, 'opening-mismatch')
  })

  it('judges an accused validator by what it attested in the audit, and nobody who attested nothing', () => {
    const seat = built.audit.rounds[0]!.commits[0]!.validator
    const accused = { accused: seat, outcome: verdictOutcomes.validatorFault } as const
    const cleared = judgeAppeal({ ...caseWith(heard), verdict: accused })
    assert.equal(cleared.ok && cleared.ruling, 'innocent')
    const convicted = buildAppeal(cast, built, { bench, verdict: accused, rootOf: () => junkOf(cast, 0, 'x') })
    const judged = judgeAppeal({ ...caseWith(convicted), verdict: accused })
    assert.equal(judged.ok && judged.ruling, 'guilty')
    const nobody = { accused: cast.client.address, outcome: verdictOutcomes.validatorFault } as const
    const none = judgeAppeal({ ...caseWith(heard), verdict: nobody })
    assert.equal(none.ok && none.ruling, 'none')
  })

  it('refuses who was not drawn, seats that are not the bench, and a malformed bench', () => {
    const members = heard.bench.members
    const outside = createBench(20).slice(12)
    const foreign = buildAppeal(cast, built, { bench: outside, verdict })
    assert.equal(faultOf({ ...heard, commits: foreign.commits, attestations: [] }), 'seat-undrawn')
    assert.equal(faultOf({ ...heard, seats: heard.seats.slice(1) }), 'seats-mismatch')
    assert.equal(faultOf({ ...heard, bench: { ...heard.bench, threshold: members.length + 1 } }), 'quorum-malformed')
    assert.equal(faultOf({ ...heard, commits: [...heard.commits, heard.commits[0]!] }), 'seat-repeated')
  })
})
