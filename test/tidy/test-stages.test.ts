/** A test runner that passes when nothing was tested is worse than none: the ways to pass falsely, each planted. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { type StageResult, type TestStage, runTestStage } from '../../scripts/lib/test-stages.ts'

const GOOD = `import { test } from 'node:test'\ntest('holds', () => undefined)\n`

/** Runs one stage over planted test files. */
async function runPlanted(
  files: Readonly<Record<string, string>>,
  { testSeconds = 30, groupSeconds = 60, together = 'file' }: Partial<TestStage> = {},
): Promise<StageResult> {
  // Inside a test run node:test takes another one for its own child and runs nothing.
  delete process.env['NODE_TEST_CONTEXT']
  const folder = await mkdtemp(join(tmpdir(), 'assay-stage-'))
  try {
    for (const [name, code] of Object.entries(files)) await writeFile(join(folder, name), code)
    const stage = { name: 'planted', files: [join(folder, '*.test.mjs')], together, testSeconds, groupSeconds }
    return await runTestStage(stage, { live: false })
  } finally {
    await rm(folder, { recursive: true })
  }
}

describe('runTestStage', () => {
  it('counts what passed and what was skipped', async () => {
    const skipped = `import { test } from 'node:test'\ntest.skip('later', () => undefined)\ntest.todo('some day')\n`
    const { counts, problem } = await runPlanted({ 'a.test.mjs': GOOD, 'b.test.mjs': skipped })
    assert.deepEqual(counts, { passed: 1, failed: 0, skipped: 2 })
    assert.equal(problem, undefined)
  })

  it('counts and shows a failing test', async () => {
    const bad = `import { test } from 'node:test'\ntest('breaks', () => { console.log('a hint'); throw new Error('planted') })\n`
    const { counts, output } = await runPlanted({ 'a.test.mjs': GOOD, 'b.test.mjs': bad })
    assert.deepEqual(counts, { passed: 1, failed: 1, skipped: 0 })
    assert.match(output, /FAIL breaks[^]*planted/)
    assert.match(output, /a hint/)
    assert.match(output, /^# pass 1$/m)
    assert.match(output, /^# fail 1$/m)
  })

  it('fails when there is no test file', async () => {
    const { counts, problem } = await runPlanted({})
    assert.equal(counts.failed, 1)
    assert.match(problem ?? '', /ran no tests/)
  })

  it('fails a test file that holds no tests', async () => {
    const { counts, output } = await runPlanted({ 'a.test.mjs': GOOD, 'b.test.mjs': 'export const x = 1\n' })
    assert.deepEqual(counts, { passed: 1, failed: 1, skipped: 0 })
    assert.match(output, /holds no tests/)
  })

  it('fails a file that breaks before its first test, and shows why', async () => {
    const { counts, output } = await runPlanted({ 'a.test.mjs': GOOD, 'b.test.mjs': `throw new Error('planted')\n` })
    assert.equal(counts.failed, 1)
    assert.match(output, /planted/)
  })

  it('fails when a hook breaks', async () => {
    const hook = `import { after, describe, it } from 'node:test'\ndescribe('s', () => { after(() => { throw new Error('planted') }); it('holds', () => undefined) })\n`
    const { counts } = await runPlanted({ 'a.test.mjs': hook })
    assert.ok(counts.failed > 0)
  })

  it('fails a test that never ends', async () => {
    const endless = `import { test } from 'node:test'\ntest('waits', () => new Promise(() => undefined))\ntest('times out', () => new Promise((r) => setTimeout(r, 30_000).unref()))\n`
    const { counts } = await runPlanted({ 'a.test.mjs': endless }, { testSeconds: 1 })
    assert.ok(counts.failed > 0)
  })

  it('ends a file that hangs, and that file only', async () => {
    const hanging = `import { test } from 'node:test'\nsetInterval(() => undefined, 1000)\ntest('leaves a timer', () => undefined)\n`
    const { counts, output } = await runPlanted({ 'a.test.mjs': hanging, 'b.test.mjs': GOOD }, { groupSeconds: 3 })
    assert.deepEqual(counts, { passed: 1, failed: 1, skipped: 0 })
    assert.match(output, /still running after 3 s/)
  })

  it('is as strict with all files in one process', async () => {
    const files = {
      'a.test.mjs': GOOD,
      'b.test.mjs': 'export const x = 1\n',
      'c.test.mjs': `throw new Error('planted')\n`,
    }
    const { counts, output } = await runPlanted(files, { together: 'package' })
    assert.deepEqual(counts, { passed: 1, failed: 2, skipped: 0 })
    assert.match(output, /holds no tests/)
    assert.match(output, /planted/)
    const quitter = `import { test } from 'node:test'\ntest('quits', () => process.exit(0))\n`
    assert.ok((await runPlanted({ 'a.test.mjs': quitter }, { together: 'package' })).counts.failed > 0)
  })
})
