import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { packageOf, parseModule } from './parse-module.ts'

const parse = (source: string): ReturnType<typeof parseModule> => parseModule('x.ts', source)

describe('parseModule', () => {
  const forms = {
    'a plain import': `import { a } from '@assay/x'`,
    'a type import': `import type { A } from '@assay/x'`,
    'an import for its effect': `import '@assay/x'`,
    'a namespace import': `import * as a from '@assay/x'`,
    'a named re-export': `export { a } from '@assay/x'`,
    'a type re-export': `export type { A } from '@assay/x'`,
    'an export star': `export * from '@assay/x'`,
    'a named export star': `export * as a from '@assay/x'`,
    'a dynamic import': `async () => await import('@assay/x')`,
    'an import type': `export type A = import('@assay/x').A`,
    'a typeof import': `export type A = typeof import('@assay/x')`,
    'an import over several lines': `import {\n  a,\n  // b\n} from\n  '@assay/x'`,
    'an import equals': `import a = require('@assay/x')`,
  }
  for (const [name, source] of Object.entries(forms)) {
    it(`sees ${name}`, () => assert.deepEqual(parse(source).specifiers, ['@assay/x']))
  }

  it('is not fooled by comments, strings and templates', () => {
    const source = `// import '@assay/a'\n/* export * from '@assay/b' */\nconst c = "import '@assay/c'"\nconst d = \`import('@assay/d')\``
    assert.deepEqual(parse(source).specifiers, [])
  })

  it('sees an import() whose target is computed', () => {
    assert.equal(parse('const load = (x: string) => import(x)').hasComputedImport, true)
    assert.equal(parse(`const load = () => import('./x.ts')`).hasComputedImport, false)
  })

  it('sees export stars', () => {
    assert.equal(parse(`export * from './x.ts'`).hasExportStar, true)
    assert.equal(parse(`export * as x from './x.ts'`).hasExportStar, true)
    assert.equal(parse(`export { x } from './x.ts'`).hasExportStar, false)
  })

  it('sees default exports in every form', () => {
    for (const source of [
      'export default 1',
      'export default function f() {}',
      'const x = 1\nexport { x as default }',
      `export { default } from './x.ts'`,
      `export { x as default } from './x.ts'`,
    ]) {
      assert.equal(parse(source).hasDefaultExport, true, source)
    }
    assert.equal(parse(`export { default as x } from './x.ts'`).hasDefaultExport, false)
  })

  it('sees a clock read through Date', () => {
    assert.equal(parse('const now = new Date()').readsClock, true)
    assert.equal(parse('const now = Date()').readsClock, true)
    assert.equal(parse('const then = new Date(5)').readsClock, false)
  })

  it('refuses a file that does not parse', () => {
    assert.throws(() => parse('export const = 1'), SyntaxError)
  })
})

describe('packageOf', () => {
  it('names the package of a specifier', () => {
    assert.equal(packageOf('@assay/core'), '@assay/core')
    assert.equal(packageOf('@noble/curves/bls12-381.js'), '@noble/curves')
    assert.equal(packageOf('viem/accounts'), 'viem')
    assert.equal(packageOf('./x.ts'), undefined)
    assert.equal(packageOf('node:fs'), undefined)
  })
})
