/** Class D3 from the files of results to the slash, with everything but the network. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  createManifest,
  deriveResultRoot,
  encodeCanonical,
  deriveEnvelopeDigest,
  hashBlob,
  ppm,
  Tolerance,
  toJson,
  usdc,
  type AuditRound,
  type Envelope,
  type ResultRoot,
} from '@assay/protocol'
import { buildEpoch, buildRound, createEvidenceCast, createSeededRng, named, type EvidenceCast } from '@assay/testkit'
import type { ResultTree } from '../compare/compare-trees.ts'
import { doubles, npyFile } from '../../test/npy-file.ts'
import { createAgreement } from './create-agreement.ts'
import { failedRunRoot } from './failed-run-root.ts'
import { judgeAudit } from './judge-audit.ts'
import { slashAmount } from './slash-amount.ts'

const tolerance = Tolerance.parse({
  absolute: '1e-12',
  relative: '1e-9',
  l2: '1e-9',
  outlierPpm: 0,
  outlierFactor: '1',
  files: [{ files: '*.npy', comparator: 'npy' }],
})

interface Result extends ResultTree {
  readonly root: ResultRoot
}

/** A result of one array, as a machine writes it whose arithmetic is off by up to `drift`, relative. */
async function run(seed: string, drift: number): Promise<Result> {
  const rng = createSeededRng(seed)
  const values = Array.from({ length: 32 }, (_, i) => (i + 1) * (1 + drift * ((rng.below(2001) - 1000) / 1000)))
  const bytes = npyFile({ shape: [4, 8], data: doubles(values) })
  const made = createManifest([{ kind: 'file', path: 'out.npy', executable: false, ...(await hashBlob(bytes)) }])
  assert.ok('manifest' in made)
  return { manifest: made.manifest, root: deriveResultRoot(made.manifest), read: () => Promise.resolve(bytes) }
}

const rounding = 1e-14
const cast = createEvidenceCast({ validators: 9, threshold: 5, spec: { determinism: 'D3', tolerance } })

/** An audit in which provider, auditor and panel run with these drifts, panel only where it comes to one. */
async function audit(on: EvidenceCast, seed: string, { provider = rounding, auditor = rounding, panel = rounding }) {
  const opened = await run(`${seed}/provider`, provider)
  const salt = named<never>(`salt/${seed}`)
  const epoch = await buildEpoch(on, [
    { shard: 0, provider: 0, sampled: true, opened: { resultRoot: opened.root, salt } },
  ])
  const commit = epoch.commits.get('0/1')!
  const trees = new Map<ResultRoot, Result>([[opened.root, opened]])
  const results = new Map<string, Result>()
  for (const [i, { address }] of on.validators.entries())
    for (const [round, drift] of [auditor, panel].entries()) {
      const result = await run(`${seed}/${round}/${i}`, drift)
      results.set(`${round}/${address}`, result)
      trees.set(result.root, result)
    }
  const { market, commitment } = { market: on.market, commitment: commit.commitment }
  const build = async (round: number, before: readonly AuditRound[]): Promise<AuditRound> => {
    const earlier = before.flatMap(({ commits }) => commits.map(({ validator }) => validator))
    const rootOf = (validator: string): ResultRoot => results.get(`${round}/${validator}`)!.root
    const plain = buildRound(on, epoch, commit, { round, earlier, rootOf })
    const shown = [...before, plain].flatMap(({ attestations }) => attestations.map(({ resultRoot }) => resultRoot))
    const others = new Map([opened.root, ...shown].map((root) => [root, trees.get(root)]))
    const agreements = plain.attestations.map(async ({ validator, resultRoot }): Promise<Envelope> => {
      const body = await createAgreement({ market, commitment, round, own: trees.get(resultRoot), others, tolerance })
      const payload = encodeCanonical(toJson(body))
      const actor = on.validators.find(({ address }) => address === validator)!
      const signature = actor.signNow(deriveEnvelopeDigest('agreement/1', payload))
      return { kind: 'agreement/1', payload, signer: validator, signature }
    })
    return { ...plain, agreements: await Promise.all(agreements) }
  }
  const judge = (rounds: readonly AuditRound[]) =>
    judgeAudit({
      market,
      commit,
      terms: on.terms,
      determinism: 'D3',
      proposal: epoch.proposal,
      beacon: epoch.seeded.beacon,
      audit: { commitment, reason: 'sampled', opening: { resultRoot: opened.root, salt }, rounds: [...rounds] },
    })
  const first = await build(0, [])
  const judged = judge([first])
  if (!judged.ok || judged.verdict !== 'panel-needed') return judged
  return judge([first, await build(1, [first])])
}

describe('class D3 from files to slash', () => {
  it('passes honest machines whose results are never the same bytes', async () => {
    for (let i = 0; i < 12; i++) {
      const judged = await audit(cast, `honest${i}`, {})
      assert.ok(judged.ok)
      assert.deepEqual([judged.verdict, judged.validatorsAtFault], ['passed', []])
    }
  })

  it('convicts a provider whose drift is beyond the limits, and takes five prices at most', async () => {
    for (const drift of [1e-8, 1e-3, 1]) {
      const judged = await audit(cast, `drift${drift}`, { provider: drift })
      assert.ok(judged.ok)
      assert.deepEqual([judged.verdict, judged.validatorsAtFault], ['provider-fault', []])
      const priceUsdc = usdc(1_000_000n)
      const slash = slashAmount({ priceUsdc, stakeUsdc: usdc(50_000_000n), ratePpm: ppm(454_133), determinism: 'D3' })
      assert.equal(slash, 5_000_000n)
    }
  })

  it('finds the auditor at fault that drifts, and nobody where everyone does', async () => {
    const lazy = await audit(cast, 'lazy', { auditor: 1e-3 })
    assert.ok(lazy.ok)
    assert.deepEqual([lazy.verdict, lazy.validatorsAtFault.length], ['provider-right', 1])
    const chaos = await audit(cast, 'chaos', { provider: 1e-3, auditor: 1e-3, panel: 1e-3 })
    assert.ok(chaos.ok)
    assert.deepEqual([chaos.verdict, chaos.validatorsAtFault], ['nondeterministic', []])
  })
})

describe('createAgreement', () => {
  const market = { chainId: 1, escrow: cast.market.escrow }
  const about = { market, commitment: named<never>('c'), round: 0, tolerance }

  it('names what was shown and what of it agrees, never its own', async () => {
    const [own, near, far] = [await run('own', rounding), await run('near', rounding), await run('far', 1)]
    const others = new Map([own, near, far].map((one) => [one.root, one] as const))
    const { resultRoot, shown, agrees } = await createAgreement({ ...about, own, others })
    assert.equal(resultRoot, own.root)
    assert.deepEqual(shown, [near.root, far.root].toSorted())
    assert.deepEqual(agrees, [near.root])
  })

  it('agrees with no root that has no tree, or another tree than its own', async () => {
    const [own, near] = [await run('own', rounding), await run('near', rounding)]
    const others = new Map([
      [near.root, undefined],
      [named<ResultRoot>('claimed'), near],
    ])
    const { shown, agrees } = await createAgreement({ ...about, own, others })
    assert.deepEqual([shown.length, agrees.length], [2, 0])
  })

  it('agrees with nothing where its own run failed', async () => {
    const near = await run('near', rounding)
    const { resultRoot, agrees } = await createAgreement({
      ...about,
      own: undefined,
      others: new Map([
        [near.root, near],
        [failedRunRoot, undefined],
      ]),
    })
    assert.deepEqual([resultRoot, agrees], [failedRunRoot, []])
  })
})
