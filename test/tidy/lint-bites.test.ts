/** A linter that silently lost a rule looks like clean code: plant each fault and see it found. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { ROOT } from './repo-files.ts'

const PURE = 'packages/core/src/plant.ts'
const ADAPTER = 'packages/chain/src/plant.ts'

const PLANTS: readonly { readonly rule: string; readonly path: string; readonly code: string }[] = [
  { rule: 'no-restricted-properties', path: PURE, code: 'export const now = Date.now()' },
  { rule: 'no-restricted-properties', path: PURE, code: 'export const { now } = Date' },
  { rule: 'no-restricted-properties', path: PURE, code: 'export const luck = Math.random()' },
  { rule: 'no-restricted-properties', path: ADAPTER, code: 'export const luck = Math.random()' },
  { rule: 'no-restricted-properties', path: PURE, code: 'export const id = crypto.randomUUID()' },
  { rule: 'no-restricted-globals', path: PURE, code: 'export const wait = (f: () => void) => setTimeout(f, 1)' },
  { rule: 'no-restricted-globals', path: PURE, code: `export const get = () => fetch('x')` },
  { rule: 'no-restricted-globals', path: PURE, code: 'export const home = process.env' },
  { rule: 'no-restricted-globals', path: PURE, code: 'export const sneaky = globalThis' },
  { rule: 'no-explicit-any', path: ADAPTER, code: 'export const f = (x: any): number => 1' },
  { rule: 'no-unsafe-call', path: ADAPTER, code: `export const f = (): unknown => JSON.parse('1')()` },
  { rule: 'no-floating-promises', path: ADAPTER, code: 'export const f = (): void => { Promise.resolve(1) }' },
  { rule: 'no-floating-promises', path: ADAPTER, code: 'export const f = (): void => { void Promise.resolve(1) }' },
  { rule: 'no-misused-promises', path: ADAPTER, code: 'export const f = () => [1].forEach(async () => { await 1 })' },
  { rule: 'consistent-type-assertions', path: ADAPTER, code: 'export const f = (x: unknown) => x as number' },
  { rule: 'consistent-type-imports', path: ADAPTER, code: `import { Server } from 'node:net'\nexport type S = Server` },
  { rule: 'no-default-export', path: ADAPTER, code: 'export default 1' },
  { rule: 'eqeqeq', path: ADAPTER, code: 'export const f = (x: number) => x == 1' },
  { rule: 'no-console', path: ADAPTER, code: `console.log('x')` },
  { rule: 'no-empty', path: ADAPTER, code: 'try { Object.keys(1) } catch {}' },
  { rule: 'preserve-caught-error', path: ADAPTER, code: `try { Object.keys(1) } catch (e) { throw new Error('x') }` },
  { rule: 'prefer-node-protocol', path: ADAPTER, code: `import { readFile } from 'fs'\nexport const f = readFile` },
]

const ALLOWED: readonly { readonly path: string; readonly code: string }[] = [
  { path: ADAPTER, code: 'export const now = Date.now()' },
  { path: 'packages/protocol/src/units.ts', code: 'export const f = (x: unknown) => x as number' },
  { path: 'packages/core/src/plant.test.ts', code: 'export const f = (x: unknown) => x as number' },
  { path: 'packages/cli/src/plant.ts', code: `console.log('x')` },
  { path: 'packages/p2p/src/plant.test.ts', code: `import { test } from 'node:test'\ntest('x', () => undefined)` },
]

describe('the linter', () => {
  let folder = ''
  let found = new Map<string, Set<string>>()

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'assay-lint-'))
    for (const file of ['.oxlintrc.json', 'tsconfig.json']) copyFileSync(join(ROOT, file), join(folder, file))
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
    const write = (name: string, { path, code }: { path: string; code: string }): void => {
      const file = join(folder, path.replace('plant', name))
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, /^(export|import) /m.test(code) ? code : `${code}\nexport {}\n`)
    }
    for (const [index, plant] of PLANTS.entries()) write(`plant-${index}`, plant)
    for (const [index, fine] of ALLOWED.entries()) write(`fine-${index}`, fine)
    found = lint(folder)
  })
  after(() => rmSync(folder, { recursive: true }))

  for (const [index, { rule, path, code }] of PLANTS.entries()) {
    it(`finds ${rule} in ${dirname(path)}: ${code.split('\n')[0]}`, () => {
      const rules = found.get(path.replace('plant', `plant-${index}`)) ?? new Set()
      assert.ok(rules.has(rule), `found only: ${[...rules].join(', ')}`)
    })
  }

  for (const [index, { path, code }] of ALLOWED.entries()) {
    it(`allows in ${path}: ${code.split('\n')[0]}`, () => {
      assert.deepEqual([...(found.get(path.replace('plant', `fine-${index}`)) ?? [])], [])
    })
  }
})

/** Runs the linter in a folder and collects the names of the rules broken, by file. */
function lint(folder: string): Map<string, Set<string>> {
  // Named, so that the linter does not walk into the packages behind the link.
  const args = ['-f', 'unix', 'packages']
  const { stdout } = spawnSync(join(ROOT, 'node_modules/.bin/oxlint'), args, { cwd: folder, encoding: 'utf8' })
  const found = new Map<string, Set<string>>()
  for (const [, file = '', rule = ''] of stdout.matchAll(/^(\S+?):\d+:\d+: .*\[\w+\/[\w-]+\(([\w-]+)\)\]$/gm)) {
    found.set(file, (found.get(file) ?? new Set()).add(rule))
  }
  return found
}
