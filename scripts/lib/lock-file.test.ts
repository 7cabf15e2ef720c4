import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isInstalled, missingOptionals, parseLock, platformEntry } from './lock-file.ts'

describe('missingOptionals', () => {
  const tool = {
    version: '1.0.0',
    dev: true,
    optionalDependencies: { '@tool/linux-x64': '1.0.0', '@tool/darwin-x64': '1.0.0' },
  }

  it('finds what an entry names and the lock does not hold', () => {
    assert.deepEqual(missingOptionals({ 'node_modules/tool': tool, 'node_modules/@tool/linux-x64': {} }), [
      { name: '@tool/darwin-x64', version: '1.0.0', isDev: true },
    ])
  })

  it('looks beside the package and in every folder above', () => {
    const packages = {
      '': {},
      'node_modules/a/node_modules/tool': tool,
      'node_modules/a/node_modules/tool/node_modules/@tool/linux-x64': {},
      'node_modules/a/node_modules/@tool/darwin-x64': {},
    }
    assert.deepEqual(missingOptionals(packages), [])
  })

  it('does not take a package of somebody else for it', () => {
    const packages = {
      'node_modules/tool': tool,
      'node_modules/@tool/linux-x64': {},
      'node_modules/b/node_modules/@tool/darwin-x64': {},
    }
    assert.equal(missingOptionals(packages).length, 1)
  })
})

describe('platformEntry', () => {
  it('reads the platform from the name', () => {
    const entry = (name: string): unknown => platformEntry({ name, version: '1.2.3', isDev: false })
    assert.deepEqual(entry('@x/binding-linux-arm64-musl'), {
      version: '1.2.3',
      cpu: ['arm64'],
      libc: ['musl'],
      optional: true,
      os: ['linux'],
    })
    assert.deepEqual(entry('@x/binding-win32-x64-msvc'), {
      version: '1.2.3',
      cpu: ['x64'],
      optional: true,
      os: ['win32'],
    })
    assert.deepEqual(entry('@x/darwin-arm64'), { version: '1.2.3', cpu: ['arm64'], optional: true, os: ['darwin'] })
  })

  it('refuses what is not for one platform', () => {
    assert.throws(() => platformEntry({ name: 'fsevents', version: '1.2.3', isDev: false }))
    assert.throws(() => platformEntry({ name: '@x/darwin-arm64', version: '^1.2.3', isDev: false }))
  })
})

describe('isInstalled', () => {
  const lock = {
    packages: {
      '': {},
      'packages/core': { version: '0.1.0' },
      'node_modules/@assay/core': { link: true },
      'node_modules/tool': { version: '1.0.0' },
      'node_modules/@tool/darwin-x64': { version: '1.0.0', optional: true },
    },
  }
  const installed = {
    packages: { 'node_modules/@assay/core': { link: true }, 'node_modules/tool': { version: '1.0.0' } },
  }

  it('accepts a tree without the packages of other platforms', () => assert.equal(isInstalled(lock, installed), true))

  it('refuses another version, also of an optional package', () => {
    assert.equal(
      isInstalled(lock, { packages: { ...installed.packages, 'node_modules/tool': { version: '1.0.1' } } }),
      false,
    )
    const stale = { ...installed.packages, 'node_modules/@tool/darwin-x64': { version: '0.9.0' } }
    assert.equal(isInstalled(lock, { packages: stale }), false)
  })

  it('refuses a tree that lacks a package or a workspace', () => {
    assert.equal(isInstalled(lock, { packages: {} }), false)
    assert.equal(isInstalled(lock, { packages: { 'node_modules/tool': { version: '1.0.0' } } }), false)
  })
})

describe('parseLock', () => {
  it('refuses what is no lock file', () => {
    assert.throws(() => parseLock('{}'), TypeError)
    assert.throws(() => parseLock('null'), TypeError)
  })
})
