import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type ImportingFile, undeclaredImports, unusedDependencies } from './declared-dependencies.ts'
import { type Manifest, listManifests, parseManifest } from './manifests.ts'
import { parseModule } from './parse-module.ts'
import { isTestFile, listSources, readText } from './repo-files.ts'

function readFiles({ folder }: Manifest): ImportingFile[] {
  return listSources()
    .filter((path) => path.startsWith(folder))
    .map((path) => ({ path, isTest: isTestFile(path), specifiers: parseModule(path, readText(path)).specifiers }))
}

describe('dependencies', () => {
  const manifests = listManifests()
  const root = manifests.find(({ folder }) => folder === '')
  assert.ok(root)
  // The contracts workspace holds build tools: Hardhat takes them by name, Solidity imports them by path.
  const checked = manifests.filter(({ folder }) => folder !== '' && folder !== 'contracts/')

  it('are declared where they are imported', () => {
    assert.deepEqual(
      checked.flatMap((manifest) => undeclaredImports(manifest, root, readFiles(manifest))),
      [],
    )
  })

  it('are imported where they are declared', () => {
    assert.deepEqual(
      checked.flatMap((manifest) => unusedDependencies(manifest, readFiles(manifest))),
      [],
    )
  })
})

describe('the dependency check', () => {
  const root = parseManifest('package.json', '{"devDependencies":{"fast-check":"1.0.0"}}')
  const manifest = parseManifest(
    'packages/x/package.json',
    '{"name":"@assay/x","dependencies":{"viem":"1.0.0"},"devDependencies":{"@types/tar":"1.0.0","tar":"1.0.0"}}',
  )
  const product = (...specifiers: string[]): ImportingFile => ({
    path: 'packages/x/src/x.ts',
    isTest: false,
    specifiers,
  })
  const test = (...specifiers: string[]): ImportingFile => ({
    path: 'packages/x/src/x.test.ts',
    isTest: true,
    specifiers,
  })

  it('finds what is imported and not declared', () => {
    assert.equal(undeclaredImports(manifest, root, [product('zod')]).length, 1)
    assert.equal(undeclaredImports(manifest, root, [product('zod/mini')]).length, 1)
    assert.equal(undeclaredImports(manifest, root, [product('viem/accounts', './y.ts', 'node:fs')]).length, 0)
  })

  it('lets only tests use development packages and other workspaces', () => {
    assert.equal(
      undeclaredImports(manifest, root, [product('tar'), product('fast-check'), product('@assay/testkit')]).length,
      3,
    )
    assert.equal(undeclaredImports(manifest, root, [test('tar', 'fast-check', '@assay/testkit')]).length, 0)
    assert.equal(undeclaredImports(manifest, root, [test('zod')]).length, 1)
  })

  it('finds what is declared and not imported', () => {
    assert.equal(unusedDependencies(manifest, [product('viem'), test('tar')]).length, 0)
    assert.equal(unusedDependencies(manifest, [test('tar', 'viem')]).length, 1)
    assert.equal(unusedDependencies(manifest, [product('viem')]).length, 2)
  })
})
