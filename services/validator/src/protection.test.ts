import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isMarketError, ppm, unixMs, Verdict, type Commitment, type Hash32, type SignedCommit } from '@assay/protocol'
import { createEvidenceCast, named } from '@assay/testkit'
import fc from 'fast-check'
import {
  protectAttempts,
  protectSample,
  protectSeat,
  protectSettlement,
  protectVerdict,
  type SigningRecord,
} from './protection.ts'
import type { HeldCommit, SettlementRow, VerdictRow } from './store/records.ts'

const cast = createEvidenceCast()
const commitOf = (name: string, attempt = 1): SignedCommit => ({
  orderId: cast.orderId,
  shard: 0,
  attempt,
  provider: cast.providers[0]!.address,
  commitment: named<Commitment>(name),
  sealedHash: named<Hash32>('sealed'),
  signature: cast.providers[0]!.signNow(named(name)),
})
const empty: SigningRecord = {
  epochsOf: () => [],
  commitOf: () => undefined,
  auditsOf: () => [],
  settlement: () => undefined,
  verdictOn: () => undefined,
  verdictsOf: () => [],
}
const ruleOf = (work: () => void): unknown => {
  try {
    work()
    return undefined
  } catch (error) {
    assert.ok(isMarketError(error))
    return error.details['rule']
  }
}
const settlement = (content: string, accepted: readonly string[] = []): SettlementRow => ({
  orderId: cast.orderId,
  content: named(content),
  batch: named('batch'),
  accepted: accepted.map((name) => named<Commitment>(name)),
  atMs: unixMs(1),
})
const verdict = Verdict.parse({
  orderId: cast.orderId,
  shard: 0,
  attempt: 1,
  accused: cast.providers[0]!.address,
  outcome: 1,
  slash: '5',
  detector: cast.validators[0]!.address,
  quorumId: 1,
  evidence: named('evidence'),
})
const signed = (content: string): VerdictRow => ({
  commitment: named('a'),
  orderId: cast.orderId,
  content: named(content),
  verdict,
  atMs: unixMs(1),
})

const heldIn = (epoch: string, acknowledged = true): HeldCommit => ({
  proposal: named(epoch),
  acknowledged,
  commit: commitOf('a'),
})

describe('signing rules', () => {
  it('one attempt has one commit, in an epoch and across epochs', () => {
    protectAttempts(empty, [commitOf('a'), commitOf('b', 2)])
    assert.equal(
      ruleOf(() => protectAttempts(empty, [commitOf('a'), commitOf('b')])),
      'one-commit-an-attempt',
    )
    const held = {
      ...empty,
      commitOf: () => ({ proposal: named<Hash32>('p'), acknowledged: true, commit: commitOf('a') }),
    }
    protectAttempts(held, [commitOf('a')])
    assert.equal(
      ruleOf(() => protectAttempts(held, [commitOf('b')])),
      'one-commit-an-attempt',
    )
  })

  it('a commit of another epoch is taken at a full rate only', () => {
    const leaf = (ratePpm: number) => [{ commit: commitOf('a'), ratePpm: ppm(ratePpm) }]
    const held = { ...empty, epochsOf: () => [heldIn('first')] }
    protectSample(empty, named('second'), leaf(1))
    protectSample(held, named('first'), leaf(1))
    protectSample(held, named('second'), leaf(1_000_000))
    assert.equal(
      ruleOf(() => protectSample(held, named('second'), leaf(999_999))),
      'one-sample-a-commit',
    )
  })

  it('a commit is acknowledged in two epochs at most; one that came too late to acknowledge does not count', () => {
    const leaves = [{ commit: commitOf('a'), ratePpm: ppm(1_000_000) }]
    const late = heldIn('late', false)
    const once = { ...empty, epochsOf: () => [heldIn('first'), late] }
    protectSample(once, named('second'), leaves)
    const twice = { ...empty, epochsOf: () => [heldIn('first'), heldIn('second'), late] }
    protectSample(twice, named('second'), leaves)
    assert.equal(
      ruleOf(() => protectSample(twice, named('third'), leaves)),
      'two-proposals-a-commit',
    )
  })

  it('a validator sits in one round of a commit', () => {
    const held: SigningRecord = { ...empty, auditsOf: () => [{ round: 0 } as never] }
    protectSeat(held, named('a'), 0)
    assert.equal(
      ruleOf(() => protectSeat(held, named('a'), 1)),
      'one-result-a-commit',
    )
  })

  it('an order settles in one way, and what was convicted is not paid', () => {
    const held: SigningRecord = { ...empty, settlement: () => settlement('x') }
    protectSettlement(held, settlement('x'))
    assert.equal(
      ruleOf(() => protectSettlement(held, settlement('y'))),
      'one-settlement-an-order',
    )
    const convicted: SigningRecord = { ...empty, verdictOn: () => signed('v') }
    protectSettlement(convicted, settlement('x'))
    assert.equal(
      ruleOf(() => protectSettlement(convicted, settlement('x', ['a']))),
      'no-pay-and-conviction',
    )
  })

  it('a commit is convicted in one way, and what was paid is not convicted', () => {
    const asked = { commitment: named<Commitment>('a'), content: named<Hash32>('v'), verdict, challenged: false }
    const held: SigningRecord = { ...empty, verdictOn: () => signed('v') }
    protectVerdict(held, asked)
    assert.equal(
      ruleOf(() => protectVerdict(held, { ...asked, content: named('w') })),
      'one-verdict-a-commit',
    )
    const paid: SigningRecord = { ...empty, settlement: () => settlement('x', ['a']) }
    assert.equal(
      ruleOf(() => protectVerdict(paid, asked)),
      'no-pay-and-conviction',
    )
    // Its client paid for it and doubts it: the stake answers, the pay stays.
    protectVerdict(paid, { ...asked, challenged: true })
  })

  it('whatever is asked in whatever order, no order is signed two ways and nothing is both paid and convicted', () => {
    const names = ['a', 'b', 'c']
    const ask = fc.oneof(
      fc.record({
        kind: fc.constant('settle' as const),
        content: fc.constantFrom('x', 'y'),
        accepted: fc.subarray(names),
      }),
      fc.record({
        kind: fc.constant('judge' as const),
        commitment: fc.constantFrom(...names),
        content: fc.constantFrom('v', 'w'),
      }),
    )
    fc.assert(
      fc.property(fc.array(ask, { maxLength: 20 }), (asks) => {
        const settled: SettlementRow[] = []
        const convicted = new Map<string, VerdictRow>()
        const record: SigningRecord = {
          ...empty,
          settlement: () => settled[0],
          verdictOn: (commitment) => convicted.get(commitment),
        }
        for (const one of asks) {
          if (one.kind === 'settle') {
            const row = settlement(`${one.content}/${one.accepted.join()}`, one.accepted)
            if (ruleOf(() => protectSettlement(record, row)) === undefined) settled.push(row)
          } else {
            const row = { ...signed(one.content), commitment: named<Commitment>(one.commitment) }
            if (ruleOf(() => protectVerdict(record, { ...row, challenged: false })) === undefined)
              convicted.set(row.commitment, row)
          }
        }
        assert.ok(new Set(settled.map(({ content }) => content)).size <= 1)
        const paid = new Set(settled.flatMap(({ accepted }) => accepted))
        assert.ok([...convicted.values()].every(({ commitment }) => !paid.has(commitment)))
      }),
    )
  })
})
