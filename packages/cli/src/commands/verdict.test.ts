import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { deriveBundleId, encodeCanonical, toJson, usdc, type VerdictBundle } from '@assay/protocol'
import { buildAppeal, buildCase, buildVerdict, createBench, createEvidenceCast } from '@assay/testkit'
import { runLine } from '../../test/run-line.ts'
import { exitCodes } from '../exit-codes.ts'

const cast = createEvidenceCast({ validators: 6, threshold: 3, shards: 1 })
const built = await buildCase(cast, 'garbage')
const plain = buildVerdict(cast, built)
const opened = built.audit.opening!.resultRoot
const appeal = buildAppeal(cast, built, { bench: createBench(9), verdict: plain.verdict, rootOf: () => opened })
const turned: VerdictBundle = { ...plain, appeals: [appeal] }

describe('assay verdict', () => {
  let folder = ''
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'assay-verdict-'))
  })
  after(async () => rm(folder, { recursive: true }))

  const write = async (name: string, content: VerdictBundle | string): Promise<string> => {
    const path = join(folder, name)
    await writeFile(path, typeof content === 'string' ? content : encodeCanonical(toJson(content)))
    return path
  }

  it('shows who was convicted of what', async () => {
    const path = await write('show.json', plain)
    const { exit, out } = await runLine(['verdict', 'show', path, '--json'])
    assert.equal(exit, exitCodes.ok)
    const shown = JSON.parse(out) as Record<string, unknown>
    assert.deepEqual(
      [shown['bundle'], shown['accused'], shown['fault'], shown['slashUsdc'], shown['stands']],
      [deriveBundleId(plain), plain.verdict.accused, 'provider', '10.000000', 'guilty'],
    )
    const text = await runLine(['verdict', 'show', path])
    assert.match(text.out, /^stands +guilty$/m)
  })

  it('judges a bundle and its appeals', async () => {
    const { exit, out } = await runLine(['verdict', 'verify', await write('turned.json', turned)])
    assert.equal(exit, exitCodes.ok)
    assert.match(out, /^signatures +passed/m)
    assert.match(out, /^appeals +passed .*rulings innocent/m)
    assert.match(out, /^stands: innocent$/m)
  })

  it('fails with the check that fails, and with what is no bundle', async () => {
    const verdict = { ...plain.verdict, slash: usdc(1n) }
    const forged = await runLine(['verdict', 'verify', await write('forged.json', { ...plain, verdict }), '--json'])
    assert.equal(forged.exit, exitCodes.invalid)
    assert.match(forged.out + forged.err, /verdict-invalid/)
    const malformed = await runLine(['verdict', 'show', await write('malformed.json', '{')])
    assert.notEqual(malformed.exit, exitCodes.ok)
    const missing = await runLine(['verdict', 'show', join(folder, 'nothing.json')])
    assert.notEqual(missing.exit, exitCodes.ok)
  })
})
