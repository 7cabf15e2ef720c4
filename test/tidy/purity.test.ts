/** What the linter cannot see about the pure packages: Node's modules, and clocks read through `new Date()`. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseModule } from './parse-module.ts'
import { isTestFile, listSources, readText } from './repo-files.ts'

function purityViolations(path: string, source: string): string[] {
  const { specifiers, readsClock } = parseModule(path, source)
  const impure = specifiers.filter((specifier) => specifier.startsWith('node:'))
  return [
    ...impure.map((specifier) => `${path} imports ${specifier}`),
    ...(readsClock ? [`${path} reads the clock through Date`] : []),
  ]
}

describe('protocol and core', () => {
  const sources = listSources().filter((path) => /^packages\/(protocol|core)\/src\//.test(path) && !isTestFile(path))

  it('are found', () => assert.ok(sources.length > 20, `only ${sources.length} sources found`))

  it('have no clock, no disk and no network', () => {
    assert.deepEqual(
      sources.flatMap((path) => purityViolations(path, readText(path))),
      [],
    )
  })
})

describe('the purity check', () => {
  it('finds impure imports and clocks', () => {
    assert.equal(purityViolations('x.ts', `import { readFileSync } from 'node:fs'`).length, 1)
    assert.equal(purityViolations('x.ts', `export type S = import('node:net').Socket`).length, 1)
    assert.equal(purityViolations('x.ts', 'const now = new Date().getTime()').length, 1)
    assert.equal(purityViolations('x.ts', 'const then = new Date(5)').length, 0)
  })
})
