import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ARROWS, arrowViolation, workspaceOf } from './arrows.ts'
import { parseModule } from './parse-module.ts'
import { isTestFile, listFiles, listSources, readText } from './repo-files.ts'

/** Loads what a user names on the command line: the one import whose target no arrow can know. */
const USER_MODULES = 'packages/cli/src/load-user-module.ts'

describe('arrows', () => {
  const forbidden: readonly (readonly [string, string])[] = [
    ['packages/protocol/src/x.ts', '@assay/core'],
    ['packages/core/src/x.ts', '@assay/chain'],
    ['packages/chain/src/x.ts', '@assay/p2p'],
    ['packages/chain/src/deep/x.ts', '@assay/contracts/deploy'],
    ['packages/node-kit/src/x.ts', '@assay/blobs'],
    ['packages/runner/src/x.ts', '@assay/testkit'],
    ['packages/sdk/src/x.ts', '@assay/p2p'],
    ['packages/sdk/src/x.ts', '@assay/node-kit'],
    ['packages/testkit/src/x.ts', '@assay/chain'],
    ['packages/devnet/src/x.ts', '@assay/testkit'],
    ['packages/cli/src/x.ts', '@assay/testkit'],
    ['services/provider/src/x.ts', '@assay/validator'],
    ['services/aggregator/src/x.ts', '@assay/sdk'],
    ['services/validator/src/x.ts', '@assay/devnet'],
    ['contracts/deploy/x.ts', '@assay/protocol'],
    ['packages/core/src/x.ts', '@assay/core'],
    ['packages/core/src/x.ts', '../../protocol/src/units.ts'],
    ['packages/core/src/x.ts', '../../../scripts/lib/counts.ts'],
    ['packages/core/src/x.ts', '/etc/passwd'],
    ['packages/unheard-of/src/x.ts', '@assay/core'],
  ]
  for (const [path, specifier] of forbidden) {
    it(`forbids ${specifier} in ${path}`, () => assert.notEqual(arrowViolation(path, specifier), undefined))
  }

  const allowed: readonly (readonly [string, string])[] = [
    ['packages/core/src/job/x.ts', '@assay/protocol'],
    ['packages/core/src/job/x.ts', '../verify/y.ts'],
    ['packages/chain/src/x.ts', '@assay/core'],
    ['packages/chain/src/x.ts', 'viem/accounts'],
    ['packages/sdk/src/x.ts', '@assay/chain'],
    ['services/provider/src/x.ts', '@assay/runner'],
    ['packages/devnet/src/x.ts', '@assay/contracts/deploy'],
    ['packages/cli/src/x.ts', '@assay/validator'],
    ['packages/core/src/x.test.ts', '@assay/testkit'],
    ['packages/chain/test/x.itest.ts', '@assay/contracts/local-chain'],
    ['test/sim/x.test.ts', '@assay/testkit'],
  ]
  for (const [path, specifier] of allowed) {
    it(`allows ${specifier} in ${path}`, () => assert.equal(arrowViolation(path, specifier), undefined))
  }

  it('covers every workspace', () => {
    const workspaces = listFiles(/^(packages|services)\/[^/]+\/package\.json$/).map(workspaceOf)
    assert.ok(workspaces.length >= 15, `only ${workspaces.length} workspaces found`)
    for (const name of workspaces) assert.ok(name !== undefined && name in ARROWS, `no arrows for ${name}`)
  })

  it('hold in every file', () => {
    const violations = listSources().flatMap((path) => {
      const { specifiers, hasComputedImport } = parseModule(path, readText(path))
      const found = specifiers
        .map((specifier) => arrowViolation(path, specifier))
        .filter((found) => found !== undefined)
      return hasComputedImport && !isTestFile(path) && path !== USER_MODULES
        ? [...found, `${path}: import() of a computed name`]
        : found
    })
    assert.deepEqual(violations, [])
  })
})
