import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { beaconRound, unixMs, type JobEvidence, type OperatorIndex } from '@assay/protocol'
import {
  buildEpoch,
  buildEvidence,
  createEvidenceCast,
  createTestActor,
  named,
  type AttemptPlan,
  type CastOptions,
} from '@assay/testkit'
import { faultStages, type FaultCode } from './fault.ts'
import { judgeEvidence, type EvidenceJudgement } from './judge-evidence.ts'

const options: CastOptions = { validators: 7, threshold: 4, shards: 4 }
const cast = createEvidenceCast(options)
const stranger = createTestActor('stranger')
const failures = [
  {
    shard: 1,
    attempt: 1,
    provider: cast.providers[3]!.address,
    code: 'attempt-timeout',
    blame: 'provider',
    atMs: unixMs(1),
  },
] as const

/** Provider 0 returns junk for shard 0, so its undrawn shard 1 is re-run too; shard 0 is tried again. */
const valid = await buildEvidence(cast, {
  epochs: [
    {
      foreign: 1,
      attempts: [
        { shard: 0, provider: 0, sampled: true, story: 'garbage' },
        { shard: 1, attempt: 2, provider: 0, sampled: false },
        { shard: 2, provider: 1, sampled: true, story: 'lazy-validator' },
        { shard: 3, provider: 2, sampled: false },
      ],
    },
    { attempts: [{ shard: 0, attempt: 2, provider: 3, sampled: true }] },
  ],
  failures: [...failures],
})
const built = async (attempts: readonly AttemptPlan[], on = cast): Promise<JobEvidence> =>
  buildEvidence(on, { epochs: [{ attempts }] })
const outcome = (judged: EvidenceJudgement): string => (judged.ok ? 'ok' : judged.fault)
const address = (i: number): `0x${string}` => cast.providers[i]!.address

describe('judgeEvidence', () => {
  it('judges every commit and bills what follows', () => {
    const judged = judgeEvidence(valid)
    assert.ok(judged.ok)
    assert.deepEqual(
      judged.shards.map(({ commits }) =>
        commits.map(({ verdict, sampled }) => `${verdict}${sampled ? '' : ' undrawn'}`),
      ),
      [['provider-fault', 'passed'], ['passed undrawn'], ['provider-right'], ['unsampled undrawn']],
    )
    assert.deepEqual(
      judged.shards.map(({ accepted }) => accepted?.commit.provider),
      [3, 0, 1, 2].map(address),
    )
    assert.deepEqual(judged.convicted, [address(0)])
    // 4 shards at 1 USDC; 4 + 1 + 4 + 1 attestations at 0.3 cost more than the budget of 2, so 0.2 each.
    const { shardsUsdc, auditsUsdc, feeUsdc, chargedUsdc } = judged.bill
    assert.deepEqual([shardsUsdc, auditsUsdc, feeUsdc, chargedUsdc], [4_000_000n, 2_000_000n, 60_000n, 6_060_000n])
  })

  it('accepts a job that nobody finished', async () => {
    const judged = judgeEvidence(await buildEvidence(cast, { epochs: [] }))
    assert.ok(
      judged.ok && judged.bill.chargedUsdc === 0n && judged.shards.every(({ accepted }) => accepted === undefined),
    )
  })

  it('does not depend on the order of epochs, audits and operators', () => {
    const turned: JobEvidence = {
      ...valid,
      epochs: valid.epochs.toReversed(),
      audits: valid.audits.toReversed(),
      operators: valid.operators.toReversed(),
    }
    assert.deepEqual(judgeEvidence(turned), judgeEvidence(valid))
  })

  it('asks for a re-run of what a provider convicted elsewhere has delivered', async () => {
    const clean = await built([{ shard: 0, provider: 0, sampled: false }])
    assert.equal(outcome(judgeEvidence(clean)), 'ok')
    assert.equal(
      outcome(judgeEvidence(clean, { convicted: new Set([cast.providers[0]!.address]) })),
      'contagion-incomplete',
    )
  })

  it('pays nothing for a shard whose results do not repeat, and slashes nobody', async () => {
    const judged = judgeEvidence(await built([{ shard: 0, provider: 0, sampled: true, story: 'nondeterministic' }]))
    assert.ok(judged.ok)
    assert.deepEqual([judged.shards[0]?.accepted, judged.convicted, judged.bill.shardsUsdc], [undefined, [], 0n])
  })

  const [first, second] = valid.epochs
  const [audit] = valid.audits
  const change = (changes: Partial<JobEvidence>): JobEvidence => ({ ...valid, ...changes })
  const other = createEvidenceCast({ ...options, label: 'other' })
  const honest: AttemptPlan = { shard: 0, provider: 0, sampled: false }
  const rounds = audit!.rounds.slice(0, 1)
  const wrong: readonly (readonly [string, FaultCode, () => JobEvidence | Promise<JobEvidence>])[] = [
    ['another spec', 'spec-hash-mismatch', () => change({ spec: { ...valid.spec, captureStdout: false } })],
    [
      'a spec of another client',
      'client-mismatch',
      () => built([honest], createEvidenceCast({ spec: { client: stranger.address } })),
    ],
    [
      'a class without comparison',
      'class-unsettleable',
      () => built([honest], createEvidenceCast({ spec: { determinism: 'DX' } })),
    ],
    ['another quorum', 'quorum-mismatch', () => change({ quorum: { ...valid.quorum, id: 2 as never } })],
    [
      'a member twice',
      'quorum-malformed',
      () => change({ quorum: { ...valid.quorum, members: [...valid.quorum.members, valid.quorum.members[0]!] } }),
    ],
    ['a threshold nobody reaches', 'quorum-malformed', () => change({ quorum: { ...valid.quorum, threshold: 8 } })],
    [
      'a lost acknowledgement',
      'acks-insufficient',
      () => change({ epochs: [{ ...first!, acks: first!.acks.slice(1) }, second!] }),
    ],
    [
      'an epoch of another aggregator',
      'aggregator-mismatch',
      async () => change({ epochs: [(await buildEpoch({ ...cast, aggregator: stranger }, [honest])).seeded] }),
    ],
    ['an epoch twice', 'epoch-repeated', () => change({ epochs: [first!, second!, first!] })],
    [
      'an epoch of other jobs',
      'epoch-irrelevant',
      async () => change({ epochs: [(await buildEpoch(other, [honest])).seeded] }),
    ],
    [
      'the value of another round',
      'seed-round-mismatch',
      () => change({ epochs: [{ ...first!, beacon: second!.beacon }, second!] }),
    ],
    [
      'a forged value',
      'seed-invalid',
      () => change({ epochs: [{ ...first!, beacon: { ...second!.beacon, round: first!.beacon.round } }, second!] }),
    ],
    ['a shard beyond the spec', 'shard-unknown', () => built([{ ...honest, shard: 4 }])],
    ['a failure beyond the spec', 'shard-unknown', () => change({ failures: [{ ...failures[0], shard: 4 }] })],
    ['an attempt twice', 'attempt-repeated', () => built([honest, { ...honest, provider: 1 }])],
    [
      'a copied commitment',
      'commitment-repeated',
      async () => {
        const one = await buildEpoch(cast, [honest])
        const { commitment } = one.commits.get('0/1')!
        const two = await buildEpoch(cast, [{ shard: 1, provider: 1, sampled: false, commitment }], { number: 1 })
        return change({ epochs: [one.seeded, two.seeded], audits: [] })
      },
    ],
    ['a provider twice for a shard', 'provider-repeated', () => built([honest, { ...honest, attempt: 2 }])],
    ['a rate under the floor', 'rate-too-low', () => built([{ ...honest, ratePpm: 9_999 }])],
    [
      'a rate under what the client asks for',
      'rate-too-low',
      () => built([{ ...honest, ratePpm: 49_999 }], createEvidenceCast({ spec: { minAuditRatePpm: 50_000 } })),
    ],
    [
      'a failed attempt that committed',
      'failure-contradicted',
      () => change({ failures: [{ ...failures[0], attempt: 2 }] }),
    ],
    [
      'an audit of nothing',
      'audit-unknown',
      () => change({ audits: [...valid.audits, { ...audit!, commitment: named('x') }] }),
    ],
    ['an audit twice', 'audit-repeated', () => change({ audits: [...valid.audits, audit!] })],
    ['a lost audit', 'audit-missing', () => change({ audits: valid.audits.slice(1) })],
    [
      'a drawn commit called contagion',
      'reason-mismatch',
      () => change({ audits: [{ ...audit!, reason: 'contagion' }, ...valid.audits.slice(1)] }),
    ],
    [
      'an audit without its panel',
      'audit-undecided',
      () => change({ audits: [{ ...audit!, rounds }, ...valid.audits.slice(1)] }),
    ],
    [
      'a conviction without contagion',
      'contagion-incomplete',
      () => change({ audits: valid.audits.filter(({ reason }) => reason === 'sampled') }),
    ],
    ['two results for a shard', 'shard-accepted-twice', () => built([honest, { ...honest, attempt: 2, provider: 1 }])],
    [
      'another try of a job that does not repeat',
      'shard-retried',
      () =>
        built([
          { ...honest, sampled: true, story: 'nondeterministic' },
          { ...honest, attempt: 2, provider: 1 },
        ]),
    ],
    [
      'two operators with one number',
      'operator-repeated',
      () => change({ operators: valid.operators.map((entry) => ({ ...entry, index: 1 as OperatorIndex })) }),
    ],
    [
      'an operator twice',
      'operator-repeated',
      () => change({ operators: [...valid.operators, { ...valid.operators[0]!, index: 99 as OperatorIndex }] }),
    ],
    ['a payee without a number', 'operator-missing', () => change({ operators: valid.operators.slice(1) })],
    [
      'a charge over the escrow',
      'charge-over-max',
      () => built([honest], createEvidenceCast({ maxAmount: 1_009_999n })),
    ],
  ]
  for (const [what, code, make] of wrong)
    it(`refuses ${what}: ${code}`, async () => {
      assert.equal(outcome(judgeEvidence(await make())), code)
    })

  it('has a case above for every fault of its own', () => {
    // Those of single epochs and audits have theirs in check-epoch.test.ts and judge-audit.test.ts.
    const elsewhere = new Set(['epochs', 'audits', 'batch'])
    const codes = Object.entries(faultStages).filter(([, stage]) => !elsewhere.has(stage))
    const cased = new Set<string>(wrong.map(([, code]) => code))
    assert.deepEqual(
      codes.map(([code]) => code).filter((code) => !cased.has(code)),
      [],
    )
  })

  it('accepts what the floor allows', async () => {
    const least = await built([{ ...honest, ratePpm: 10_000 }])
    assert.equal(outcome(judgeEvidence(least)), 'ok')
    assert.equal(least.epochs[0]!.beacon.round, beaconRound(10))
  })
})
