import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { unixMs, usdc, type JobFacts, type JobView } from '@assay/protocol'
import { buildEvidence, createEvidenceCast } from '@assay/testkit'
import { explainJob } from './explain-job.ts'
import { proveFacts } from './prove-facts.ts'

const cast = createEvidenceCast({ validators: 7, threshold: 4, shards: 4 })
const { orderId, spec, terms } = cast
/** Provider 0 returns junk for shard 0, so its undrawn shard 1 is re-run too; shard 0 is tried again. */
const evidence = await buildEvidence(cast, {
  epochs: [
    {
      foreign: 1,
      attempts: [
        { shard: 0, provider: 0, sampled: true, story: 'garbage' },
        { shard: 1, provider: 0, sampled: false },
        { shard: 2, provider: 1, sampled: true, story: 'lazy-validator' },
        { shard: 3, provider: 2, sampled: false },
      ],
    },
    { attempts: [{ shard: 0, attempt: 2, provider: 3, sampled: true, story: 'honest' }] },
  ],
})
const view: JobView = {
  orderId,
  state: 'settling',
  terms,
  shards: 4,
  accepted: 4,
  failed: 0,
  audited: 4,
  convicted: [],
  slashedUsdc: usdc(0n),
  attempts: [],
  createdAtMs: unixMs(1),
}
const facts: JobFacts = {
  atMs: unixMs(2),
  dispatchUntilMs: unixMs(3),
  lastCallMs: unixMs(4),
  cancelled: false,
  matches: [],
  deadlines: [],
  draws: [],
  audits: [],
  slashes: [],
}
const proven = proveFacts({ view, facts }, evidence)
const honest = proven.view

describe('proveFacts', () => {
  it('shows every commit of the evidence, also those that the aggregator left out', () => {
    assert.deepEqual(
      honest.attempts.map(({ shard, attempt, verdict }) => `${shard}/${attempt} ${verdict}`).toSorted(),
      ['0/1 provider-fault', '0/2 passed', '1/1 passed', '2/1 provider-right', '3/1 unsampled'],
    )
    assert.equal(proven.contradictions.length, 5)
    assert.ok(
      proven.contradictions.every(({ blame, what }) => blame === 'aggregator' && /leaves this attempt out/.test(what)),
    )
    assert.equal(proven.facts.draws.length, 5)
    assert.deepEqual(proven.facts.audits.map(({ reason }) => reason).toSorted(), [
      'contagion',
      'sampled',
      'sampled',
      'sampled',
    ])
  })

  it('finds nothing to contradict in an honest account', () => {
    assert.deepEqual(proveFacts({ view: honest, facts }, evidence).contradictions, [])
  })

  it('overrules an aggregator that lies about a verdict, a provider or the bill', () => {
    const lie = (change: Partial<JobView['attempts'][number]>): JobView => ({
      ...honest,
      attempts: honest.attempts.map((one) => (one.shard === 0 && one.attempt === 1 ? { ...one, ...change } : one)),
    })
    for (const change of [{ verdict: 'passed' }, { provider: cast.providers[3]!.address }] as const) {
      const { contradictions, view: corrected } = proveFacts({ view: lie(change), facts }, evidence)
      assert.equal(contradictions.length, 1)
      assert.deepEqual(corrected.attempts, honest.attempts)
    }
    const dear: JobView = { ...honest, state: 'closed', outcome: 'settled', chargedUsdc: usdc(1n) }
    assert.match(proveFacts({ view: dear, facts }, evidence).contradictions[0]?.what ?? '', /job cost 0\.000001/)
  })

  it('calls evidence that does not hold what it is, and believes none of it', () => {
    const broken = { ...evidence, audits: evidence.audits.slice(1) }
    const { contradictions, proven: none } = proveFacts({ view: honest, facts }, broken)
    assert.equal(none.size, 0)
    assert.match(contradictions[0]?.what ?? '', /audit-missing/)
    assert.equal(contradictions[0]?.blame, 'aggregator')
  })

  it('explains a proven job as proven', () => {
    const findings = explainJob({
      spec,
      view: honest,
      facts: proven.facts,
      sourceOf: (shard, attempt) => (proven.proven.has(`${shard}/${attempt}`) ? 'evidence' : 'aggregator'),
    })
    assert.deepEqual(
      findings.filter(({ shard }) => shard === 0).map(({ attempt, kind, source }) => `${attempt} ${kind} ${source}`),
      [
        '1 sampled evidence',
        '1 audited evidence',
        '1 rejected evidence',
        '2 sampled evidence',
        '2 audited evidence',
        '2 accepted evidence',
      ],
    )
    const contagion = findings.find(({ shard, kind }) => shard === 1 && kind === 'audited')
    assert.match(contagion?.what ?? '', /was not drawn, but .* was convicted/)
  })
})
