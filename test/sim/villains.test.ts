/**
 * Every villain that runs, over seeds, in markets whose frames are late: after every step nobody honest has lost stake or is
 * said to be guilty, money is conserved and no shard is paid twice; at the end each client paid for right results alone and
 * has every other unit back.
 *
 * What the services do not do yet, and this file does not claim: slash validators that were outvoted or kept a result
 * back, prove an equivocation, take a censored commit from its provider. Until then those villains are shown to change nothing.
 *
 * `ASSAY_SIM_RUNS` says how many seeds each villain gets: one for every twelve.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { VillainName } from '@assay/villains'
import { runVillains, type VillainReport, type VillainRunOptions } from './villain-run.ts'

const runs = Math.max(1, Math.floor(Number(process.env['ASSAY_SIM_RUNS'] ?? 24) / 12))
const seeds = Array.from({ length: runs }, (_, i) => String(i + 1))

/** Plays the villains once a seed. */
async function* replays(
  villains: readonly VillainName[],
  options: Partial<VillainRunOptions> = {},
): AsyncGenerator<VillainReport> {
  for (const seed of seeds) yield await runVillains({ seed, villains, ...options })
}

describe('a provider that fakes', () => {
  for (const name of ['junk', 'lazy', 'intermittent', 'burst', 'whitewasher', 'sybil'] as const)
    it(`loses stake for it: ${name}`, async () => {
      let convicted = 0
      for await (const report of replays([name])) convicted += checkFakers(report)
      assert.ok(convicted > 0, 'nobody faked anything')
    })

  it('loses stake after it has earned trust: build-then-burn', async () => {
    const long = { jobs: 4, shards: 16, honestProviders: 2, countWrong: true } as const
    let convicted = 0
    for await (const report of replays(['build-then-burn'], long)) convicted += checkFakers(report)
    assert.ok(convicted > 0, 'it never came to burn')
  })

  it('loses stake when it will not open: abort-when-sampled', async () => {
    for await (const report of replays(['abort-when-sampled'])) {
      assert.ok(checkFakers(report) > 0, 'nobody faked anything')
      assert.ok(report.deeds.some(({ kind }) => kind === 'withheld'))
      earnsNothing(report)
    }
  })

  it('loses stake for a commitment that it copied elsewhere, and cannot send one of this market: commit-copier', async () => {
    for await (const report of replays(['commit-copier'])) {
      assert.ok(checkFakers(report) > 0, 'nothing was copied')
      earnsNothing(report)
      const refused = attemptsOf(report).filter(({ code }) => code === 'commit-invalid')
      assert.ok(refused.length > 0, 'no copy of a commitment of this market was refused')
    }
  })

  it('loses stake to an auditor that is not its friend: colluding-pair', async () => {
    let convicted = 0
    for await (const report of replays(['colluding-pair'], { countWrong: true, shards: 8 }))
      convicted += report.fates.filter(({ name, lostUsdc }) => name.endsWith('-1') && lostUsdc > 0n).length
    assert.ok(convicted > 0, 'its friend audited everything')
  })
})

describe('a provider that does not deliver', () => {
  it('earns nothing by letting leases run out: slow-loris', async () => {
    for await (const report of replays(['slow-loris'])) {
      earnsNothing(report)
      assert.ok(attemptsOf(report).some(({ code }) => code === 'attempt-timeout'))
    }
  })

  it('earns nothing by keeping its sealed results: data-withholder', async () => {
    for await (const report of replays(['data-withholder'])) {
      earnsNothing(report)
      assert.ok(attemptsOf(report).some(({ code }) => code === 'sealed-invalid'))
    }
  })
})

describe('a validator that cheats', () => {
  for (const name of ['lazy-validator', 'lying-validator', 'framing-validators', 'selective-revealer'] as const)
    it(`turns no honest result down: ${name}`, async () => {
      let sat = 0
      for await (const report of replays([name], { jobs: 4 })) {
        sat += report.deeds.length
        everyShardIsPaid(report)
      }
      assert.ok(sat > 0, 'it never had a seat')
    })

  it('is not paid for a result that it does not show: selective-revealer', async () => {
    for await (const report of replays(['selective-revealer', 'junk'])) {
      const [revealer] = report.fates.filter(({ name }) => name.startsWith('selective'))
      assert.equal(revealer?.earnedUsdc, 0n)
      checkFakers(report)
    }
  })

  it('does not save a cheat: a lying validator beside junk', async () => {
    for await (const report of replays(['junk', 'lying-validator'])) checkFakers(report, 'junk')
  })
})

describe('an aggregator that cheats', () => {
  it('gains nothing by steering work to a friend, who is audited like anyone: steering-aggregator', async () => {
    for await (const report of replays(['steering-aggregator'])) assert.ok(checkFakers(report) > 0)
  })

  it('is refused another draw: seed-grinding-aggregator', async () => {
    for await (const report of replays(['seed-grinding-aggregator']))
      allRefused(report, 'epoch-refused', 'rates-too-low')
  })

  it('is refused a settlement without an audit: audit-skipping-aggregator', async () => {
    for await (const report of replays(['audit-skipping-aggregator']))
      allRefused(report, 'settlement-refused', 'audit-missing')
  })

  it('costs a censored provider its pay and nothing else: commit-censoring-aggregator', async () => {
    for await (const report of replays(['commit-censoring-aggregator'])) {
      assert.ok(report.deeds.some(({ kind }) => kind === 'withheld'))
      everyShardIsPaid(report)
    }
  })
})

describe('a client that posts work which does not repeat', () => {
  it('pays no provider, and slashes none: griefing-client', async () => {
    for await (const { jobs } of replays([], { program: 'dice' }))
      for (const { view } of jobs) assert.equal(view?.accepted, 0)
  })
})

/** Whoever faked has lost stake; gives how many did. */
function checkFakers({ fates, deeds }: VillainReport, prefix = ''): number {
  const fakers = fates.filter(
    ({ address, name }) =>
      name.startsWith(prefix) && deeds.some((deed) => deed.kind === 'faked' && deed.by === address),
  )
  for (const { lostUsdc, name } of fakers) assert.ok(lostUsdc > 0n, `${name} faked and lost nothing`)
  return fakers.length
}

function earnsNothing({ fates }: VillainReport): void {
  for (const { earnedUsdc, name } of fates) assert.equal(earnedUsdc, 0n, `${name} earned something`)
}

function everyShardIsPaid({ jobs }: VillainReport): void {
  for (const { view, plan } of jobs) assert.equal(view?.accepted, plan.shards, `a shard of ${plan.label} is missing`)
}

/** Honest members answered every forgery with this refusal, and there was one. */
function allRefused({ deeds }: VillainReport, code: string, reason: string): void {
  const answers = deeds.flatMap((deed) => (deed.kind === 'answered' ? [deed] : []))
  assert.ok(answers.length > 0, 'nothing was tried')
  for (const answer of answers) assert.deepEqual([answer.code, answer.reason], [code, reason])
}

const attemptsOf = ({ jobs }: VillainReport) => jobs.flatMap(({ view }) => view?.attempts ?? [])
