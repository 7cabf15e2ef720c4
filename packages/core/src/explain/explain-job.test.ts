import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  asAddress,
  AttemptState,
  blames,
  errorCodes,
  Finding,
  JobOutcome,
  JobState,
  ppm,
  sampleDraw,
  sampleThreshold,
  ShardVerdict,
  toJson,
  unixMs,
  usdc,
  type AttemptView,
  type Commitment,
  type EpochRoot,
  type Hash32,
  type JobFacts,
  type JobView,
  type MatchCounts,
} from '@assay/protocol'
import { createEvidenceCast, named } from '@assay/testkit'
import fc from 'fast-check'
import { explainJob } from './explain-job.ts'

const cast = createEvidenceCast({ shards: 3 })
const { spec, terms, orderId } = cast
const [one, two] = cast.providers.map(({ address }) => address)
const counts: MatchCounts = {
  image: 0,
  convicted: 0,
  tried: 0,
  failing: 0,
  price: 0,
  class: 0,
  cpus: 0,
  memory: 0,
  stake: 0,
  busy: 0,
}
const view: JobView = {
  orderId,
  state: 'running',
  terms,
  shards: 3,
  accepted: 0,
  failed: 0,
  audited: 0,
  convicted: [],
  slashedUsdc: usdc(0n),
  attempts: [],
  createdAtMs: unixMs(1000),
}
const facts: JobFacts = {
  atMs: unixMs(2000),
  dispatchUntilMs: unixMs(10_000),
  lastCallMs: unixMs(20_000),
  cancelled: false,
  matches: [],
  deadlines: [],
  draws: [],
  audits: [],
  slashes: [],
}
const attempt = (over: Partial<AttemptView>): AttemptView => ({
  shard: 0,
  attempt: 1,
  provider: one!,
  state: 'executing',
  atMs: unixMs(1500),
  ...over,
})
const explain = (over: {
  readonly view?: Partial<JobView>
  readonly facts?: Partial<JobFacts>
  readonly shard?: number
}) =>
  explainJob({
    spec,
    view: { ...view, ...over.view },
    facts: { ...facts, ...over.facts },
    ...(over.shard !== undefined && { shard: over.shard }),
  })
const kinds = (findings: readonly Finding[]): readonly string[] => findings.map(({ kind }) => kind)

describe('explainJob', () => {
  it('says why no provider took a shard, with the count of each filter and the step that helps most', () => {
    const matches = [{ shard: 1, known: 5, counts: { ...counts, price: 3, stake: 2 }, atMs: unixMs(1) }]
    const [finding] = explain({ facts: { matches }, shard: 1 })
    assert.equal(finding?.kind, 'unmatched')
    assert.match(finding.what, /None of 5 providers .* 3 ask for a higher price, 2 have too little stake/)
    assert.match(finding.next, /^Raise the price per shard\..*1970-01-01T00:00:10/)
    assert.equal(finding.numbers['price'], 3)
    assert.equal(finding.docs, 'docs/errors.md#no-providers')
  })

  it('gives a shard up when dispatch is over, attempts are used, or two providers blame the job', () => {
    const expired = (n: number, blame: 'client' | 'provider') =>
      attempt({ attempt: n, state: 'expired', code: 'attempt-exit-nonzero', blame })
    const gaveUp = (over: Parameters<typeof explain>[0]) => kinds(explain({ ...over, shard: 0 })).includes('gave-up')
    assert.ok(gaveUp({ facts: { atMs: unixMs(10_000) } }))
    assert.ok(gaveUp({ view: { attempts: [expired(1, 'client'), expired(2, 'client')] } }))
    assert.ok(gaveUp({ view: { attempts: [1, 2, 3, 4, 5].map((n) => expired(n, 'provider')) } }))
    assert.ok(!gaveUp({ view: { attempts: [expired(1, 'client'), expired(2, 'provider')] } }))
  })

  it('tells a failure with blame, money and next step of its code', () => {
    const [finding] = explain({
      view: { attempts: [attempt({ state: 'expired', code: 'attempt-memory-limit' })] },
      shard: 0,
    })
    assert.equal(finding?.kind, 'failed')
    assert.equal(finding.blame, 'client')
    assert.equal(finding.next, 'Raise the memory limit.')
    assert.match(finding.money, /Nothing is charged for the attempt/)
  })

  it('draws again, and shows the draw beside its threshold', () => {
    const draw = {
      shard: 0,
      attempt: 1,
      commitment: named<Commitment>('commitment'),
      ratePpm: ppm(500_000),
      root: named<EpochRoot>('root'),
      seedRound: 7,
      randomness: named<Hash32>('randomness'),
    }
    const sampled = sampleDraw(draw) < sampleThreshold(draw.ratePpm)
    const [finding] = explain({
      view: { attempts: [attempt({ state: 'committed' })] },
      facts: { draws: [draw] },
      shard: 0,
    })
    assert.equal(finding?.kind, sampled ? 'sampled' : 'unsampled')
    assert.equal(Number(finding.numbers['drawn']) < Number(finding.numbers['threshold']), sampled)
  })

  it('shows the slash formula with its numbers, and that stake cut it', () => {
    const judged = attempt({
      state: 'rejected',
      verdict: 'provider-fault',
      code: 'result-mismatch',
      ratePpm: ppm(53_428),
    })
    const slash = { shard: 0, attempt: 1, accused: one!, slashUsdc: usdc(5_000_000n), state: 'slashed' as const }
    const finding = explain({ view: { attempts: [judged] }, facts: { slashes: [slash] }, shard: 0 }).find(
      ({ kind }) => kind === 'slashed',
    )
    // P = 1 USDC at 5.3428 %: 2P/(p·0.734) − P.
    assert.deepEqual(
      [finding?.numbers['tenPricesUsdc'], finding?.numbers['deterrentUsdc'], finding?.numbers['stakeUsdc']],
      ['10.000000', '49.999395', '5.000000'],
    )
    assert.match(finding?.what ?? '', /cut to the stake/)
  })

  it('blames a validator for a slash of somebody else than the provider', () => {
    const judged = attempt({ state: 'accepted', verdict: 'provider-right' })
    const slash = { shard: 0, attempt: 1, accused: two!, slashUsdc: usdc(5n), state: 'appealable' as const }
    const finding = explain({ view: { attempts: [judged] }, facts: { slashes: [slash] }, shard: 0 }).at(-1)
    assert.deepEqual([finding?.kind, finding?.blame], ['slashed', 'validator'])
  })

  it('says who was drawn for an audit, who stood in, and that the provider did not open', () => {
    const [a, b, c] = cast.validators.map(({ address }) => address)
    const round = { seats: [a!], alternates: [b!, c!], committed: [b!], opened: [b!] }
    const audits = [{ shard: 0, attempt: 1, reason: 'contagion' as const, unopened: true, rounds: [round] }]
    const findings = explain({ view: { attempts: [attempt({ state: 'auditing' })] }, facts: { audits }, shard: 0 })
    assert.deepEqual(kinds(findings), ['audited', 'waiting'])
    assert.match(findings[0]?.what ?? '', /was convicted.*1 answered, 1 as alternate.*did not open/)
  })

  it('says when anyone can take the money back', () => {
    const order = { status: 'funded' as const, remainingUsdc: usdc(3n) }
    const late = unixMs(terms.refundAt * 1000)
    assert.ok(!kinds(explain({ facts: { order, atMs: unixMs(late - 1) } })).includes('refund-due'))
    assert.ok(kinds(explain({ facts: { order, atMs: late } })).includes('refund-due'))
    assert.ok(kinds(explain({ facts: { order: { ...order, status: 'settled' } } })).includes('refund-due'))
  })

  it('has something to say about every job, each finding within its schema', () => {
    const views = fc.record({
      shard: fc.nat(2),
      attempt: fc.integer({ min: 1, max: 5 }),
      state: fc.constantFrom(...AttemptState.options),
      code: fc.option(fc.constantFrom(...errorCodes), { nil: undefined }),
      blame: fc.option(fc.constantFrom(...blames), { nil: undefined }),
      verdict: fc.option(fc.constantFrom(...ShardVerdict.options), { nil: undefined }),
      detail: fc.option(fc.string({ maxLength: 2000 }), { nil: undefined }),
    })
    fc.assert(
      fc.property(
        fc.uniqueArray(views, { selector: ({ shard, attempt: n }) => `${shard}/${n}`, maxLength: 8 }),
        fc.constantFrom(...JobState.options),
        fc.constantFrom(...JobOutcome.options),
        (tries, state, outcome) => {
          const attempts = tries.map((over) =>
            attempt(Object.fromEntries(Object.entries(over).filter(([, value]) => value !== undefined))),
          )
          const findings = explain({ view: { attempts, state, ...(state === 'closed' && { outcome }) } })
          assert.ok(findings.some(({ shard }) => shard === undefined))
          for (const finding of findings) Finding.parse(toJson(finding))
          for (const { shard, attempt: number } of attempts)
            assert.ok(findings.some((finding) => finding.shard === shard && finding.attempt === number))
        },
      ),
    )
  })

  it('never mentions an address that nobody gave', () => {
    const text = JSON.stringify(toJson(explain({ view: { attempts: [attempt({ provider: asAddress(two!) })] } })))
    assert.ok(!text.includes(one!))
  })
})
