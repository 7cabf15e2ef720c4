import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { missingOptionals, parseLock } from '../../scripts/lib/lock-file.ts'
import { isExactVersion, listManifests, listRanges, parseManifest } from './manifests.ts'
import { readText } from './repo-files.ts'

const manifests = listManifests()

describe('package.json', () => {
  const workspaces = manifests.filter(({ folder }) => folder !== '')

  it('is found for every workspace', () => assert.ok(workspaces.length >= 16, `only ${workspaces.length}`))

  it('names exact versions only', () => {
    const loose = manifests.flatMap((manifest) =>
      listRanges(manifest)
        .filter(({ range }) => !isExactVersion(range))
        .map(({ name, range }) => `${manifest.path}: ${name} ${range}`),
    )
    assert.deepEqual(loose, [])
  })

  it('names the same version of a package everywhere', () => {
    const seen = new Map<string, Set<string>>()
    for (const { name, range } of manifests.flatMap(listRanges))
      seen.set(name, (seen.get(name) ?? new Set()).add(range))
    const split = [...seen].filter(([, ranges]) => ranges.size > 1).map(([name, ranges]) => [name, ...ranges])
    assert.deepEqual(split, [])
  })

  it('is named after its folder, private, ESM and under the same licence', () => {
    for (const { folder, fields } of workspaces) {
      assert.equal(fields['name'], `@assay/${folder.split('/').at(-2)}`)
      assert.equal(fields['private'], true, folder)
      assert.equal(fields['type'], 'module', folder)
      assert.equal(fields['license'], 'Apache-2.0', folder)
      assert.equal(typeof fields['description'], 'string', folder)
    }
  })

  it('names the version its sibling has', () => {
    const versionOf = new Map(workspaces.map(({ fields }) => [fields['name'], fields['version']]))
    const ranges = workspaces.flatMap(listRanges).filter(({ name }) => name.startsWith('@assay/'))
    for (const { name, range } of ranges) assert.equal(range, versionOf.get(name), name)
  })
})

describe('package-lock.json', () => {
  const text = readText('package-lock.json')
  const lock = parseLock(text)

  it('names no registry', () => assert.doesNotMatch(text, /"resolved":\s*"https?:/))

  it('holds every platform, or npm ci refuses it: node scripts/complete-lock.ts mends that', () => {
    assert.ok(Object.keys(lock.packages).length > 300)
    assert.deepEqual(missingOptionals(lock.packages), [])
  })

  it('agrees with every package.json, or npm ci refuses it: npm install mends that', () => {
    for (const { folder, dependencies, devDependencies } of manifests) {
      const entry = lock.packages[folder.replace(/\/$/, '')]
      assert.deepEqual({ ...entry?.dependencies }, dependencies, folder)
      assert.deepEqual({ ...entry?.devDependencies }, devDependencies, folder)
    }
  })
})

describe('isExactVersion', () => {
  for (const range of ['1.2.3', '0.1.0', '2.0.0-rc.1']) {
    it(`accepts ${range}`, () => assert.ok(isExactVersion(range)))
  }
  for (const range of [
    '^1.2.3',
    '~1.2.3',
    '1.2',
    '*',
    '',
    'latest',
    '>=1.0.0',
    '1.2.3 || 2.0.0',
    'file:../x',
    'workspace:*',
  ]) {
    it(`refuses "${range}"`, () => assert.ok(!isExactVersion(range)))
  }
})

describe('parseManifest', () => {
  it('collects every kind of dependency', () => {
    const text =
      '{"dependencies":{"a":"1.0.0"},"devDependencies":{"b":"2"},"peerDependencies":{"c":"*"},"optionalDependencies":{"d":"^4"}}'
    const ranges = listRanges(parseManifest('x/package.json', text))
    assert.deepEqual(
      ranges.map(({ name }) => name),
      ['a', 'b', 'c', 'd'],
    )
  })

  it('refuses what is not an object of strings', () => {
    assert.throws(() => parseManifest('package.json', '[]'), TypeError)
    assert.throws(() => parseManifest('package.json', '{"dependencies":{"a":1}}'), TypeError)
  })
})
