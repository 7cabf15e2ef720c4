import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { lengthViolation, nameViolation } from './file-rules.ts'
import { parseModule } from './parse-module.ts'
import { countLines, listFiles, listSources, readText } from './repo-files.ts'

describe('files', () => {
  const sources = listSources()
  const solidity = listFiles(/^contracts\/.*\.sol$/)
  const defaultsWanted = /(\.config\.ts|^contracts\/ignition\/.*|^scripts\/lib\/reporter\.ts)$/

  it('are found', () => assert.ok(sources.length > 50, `only ${sources.length} sources found`))

  it('are named after one thing, in kebab-case', () => {
    assert.deepEqual(sources.map(nameViolation).filter(Boolean), [])
  })

  it('are short enough to read', () => {
    const long = [...sources, ...solidity].map((path) => lengthViolation(path, countLines(readText(path))))
    assert.deepEqual(long.filter(Boolean), [])
  })

  it('export by name: no default exports, no export stars', () => {
    const faults = sources.flatMap((path) => {
      const { hasDefaultExport, hasExportStar } = parseModule(path, readText(path))
      return [
        ...(hasDefaultExport && !defaultsWanted.test(path) ? [`${path}: default export`] : []),
        ...(hasExportStar ? [`${path}: export *`] : []),
      ]
    })
    assert.deepEqual(faults, [])
  })

  it('of Solidity name one exact compiler', () => {
    const loose = solidity.filter((path) => !/^pragma solidity \d+\.\d+\.\d+;$/m.test(readText(path)))
    assert.deepEqual(loose, [])
  })
})

describe('nameViolation', () => {
  for (const path of [
    'packages/core/src/settleBatch.ts',
    'packages/core/src/Settle.ts',
    'packages/core/src/settle_batch.ts',
    'packages/core/src/utils.ts',
    'packages/core/src/types.ts',
    'packages/core/src/job/helpers.test.ts',
    'packages/core/src/job/index.ts',
    'test/sim/index.ts',
  ]) {
    it(`refuses ${path}`, () => assert.ok(nameViolation(path)))
  }
  for (const path of [
    'packages/core/src/index.ts',
    'services/provider/src/main.ts',
    'packages/chain/test/settle-batch.itest.ts',
  ]) {
    it(`accepts ${path}`, () => assert.equal(nameViolation(path), undefined))
  }
})

describe('lengthViolation', () => {
  it('allows 400 lines, and 40 for a main.ts', () => {
    assert.equal(lengthViolation('packages/core/src/x.ts', 400), undefined)
    assert.ok(lengthViolation('packages/core/src/x.ts', 401))
    assert.equal(lengthViolation('services/provider/src/main.ts', 40), undefined)
    assert.ok(lengthViolation('services/provider/src/main.ts', 41))
  })

  it('counts lines as an editor does', () => {
    assert.deepEqual(['', 'a', 'a\n', 'a\nb', 'a\nb\n'].map(countLines), [1, 1, 1, 2, 2])
  })
})
