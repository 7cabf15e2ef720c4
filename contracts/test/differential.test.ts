/**
 * The contracts against a model of them in `model/`, which was written from the interfaces' documentation: the same random
 * actions on both sides, and the same answers, errors and state expected.
 *
 * `ASSAY_DIFFERENTIAL_SEQUENCES` sets how many sequences (nightly: ten times as many), `ASSAY_DIFFERENTIAL_SEED` other ones,
 * and `ASSAY_DIFFERENTIAL_ONLY` one alone, by the name that a failure prints.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { type AbiItem, type Hex, keccak256, recoverAddress, toHex } from 'viem'

import { readArtifact } from '../deploy/artifacts.ts'
import { CAST } from './differential/cast.ts'
import { FAULTS } from './differential/faults.ts'
import { withHighS } from './differential/quick-signer.ts'
import { formatFailure, runSequences, seedsOf } from './differential/run-sequences.ts'
import { SITUATIONS, count, createTally, formatTally } from './differential/tally.ts'
import { CALL_NAMES, applyAction } from './model/apply-action.ts'
import { recover } from './model/signatures.ts'

const SEED = process.env['ASSAY_DIFFERENTIAL_SEED'] ?? 'assay'
const ONLY = process.env['ASSAY_DIFFERENTIAL_ONLY']
const SEQUENCES = Number(process.env['ASSAY_DIFFERENTIAL_SEQUENCES'] ?? 10_000)
/** From so many on, everything that can be reached has to be. */
const ENOUGH_FOR_ALL = 10_000

/** Calls that only the market's own contracts may make. */
const NEVER_ALLOWED = ['escrow.fundOne', 'stakes.hold', 'stakes.release', 'stakes.slash']
/** Calls that only bring the market to where sequences start. */
const ONLY_AT_FIRST = ['token.mint', 'otherToken.mint']
/** Errors of constructors: no action meets them, and `deploy.test.ts` does. */
const AT_DEPLOYMENT = [
  'disputes.NotSlasher',
  'disputes.WiredApart',
  'disputes.StakeLeavesTooSoon',
  'disputes.ZeroDailyCap',
]
const INTERFACES = { escrow: 'IEscrow', stakes: 'IStakes', quorums: 'IQuorums', disputes: 'IDisputes' }

describe('the contracts and their model', () => {
  it('do the same, whatever is asked of them', async (t) => {
    const tally = createTally()
    const started = performance.now()
    const failure = await runSequences({
      seeds: ONLY === undefined ? seedsOf(SEED, SEQUENCES) : [ONLY],
      apply: applyAction,
      onAgreed: (steps, start) => count(tally, start, steps),
    })
    assert.equal(failure && formatFailure(failure), undefined)

    const seconds = (performance.now() - started) / 1000
    const rate = Math.round(tally.actions / seconds)
    const share = Math.round((100 * tally.succeeded) / tally.actions)
    t.diagnostic(`${tally.sequences} sequences, ${tally.actions} actions, ${share} % of them allowed, ${rate} a second`)
    for (const line of formatTally(tally)) t.diagnostic(line)
    if (SEQUENCES >= ENOUGH_FOR_ALL && ONLY === undefined) assert.deepEqual(await missedBy(tally), [])
  })

  for (const { name, apply, theme } of FAULTS) {
    it(`would be found apart if ${name}`, async () => {
      const failure = await runSequences({ seeds: seedsOf(`fault ${name}`, 400), apply, theme })
      assert.ok(failure, 'nothing was found')
      assert.ok(failure.actions.length <= Math.min(10, failure.length), formatFailure(failure))
    })
  }
})

/** What could have been reached, and was not. */
async function missedBy({ calls, errors, situations }: ReturnType<typeof createTally>): Promise<string[]> {
  const wanted = CALL_NAMES.filter((call) => ![...NEVER_ALLOWED, ...ONLY_AT_FIRST].includes(call))
  const missed: string[] = wanted.filter((call) => (calls.get(call)?.ok ?? 0) === 0)
  for (const [contract, name] of Object.entries(INTERFACES)) {
    const { abi } = await readArtifact(`interfaces/${name}.sol/${name}`)
    const names = abi.flatMap((item: AbiItem) => (item.type === 'error' ? [`${contract}.${item.name}`] : []))
    assert.ok(names.length > 0)
    missed.push(...names.filter((error) => !AT_DEPLOYMENT.includes(error) && !errors.has(error)))
  }
  return [...missed, ...SITUATIONS.filter((situation) => !situations.has(situation))]
}

describe('a quick signature', () => {
  it('is one like any other', async () => {
    for (let i = 0; i < 20; i += 1) {
      const digest: Hex = keccak256(toHex(`digest ${i}`))
      for (const signer of [CAST.stranger, CAST.walletKey]) {
        const signature = signer.sign(digest)
        assert.equal((await recoverAddress({ hash: digest, signature })).toLowerCase(), signer.address)
        assert.equal(recover(digest, withHighS(signature)), undefined)
      }
    }
  })

  it('is not taken for one of another digest', () => {
    const signature = CAST.stranger.sign(keccak256(toHex('one digest')))
    assert.notEqual(recover(keccak256(toHex('another digest')), signature), CAST.stranger.address)
  })
})
