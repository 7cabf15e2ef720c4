/**
 * Hardhat 3 without any download: every compiler entry and every build profile points at the solc-js that npm installed.
 * viaIR stays off so that the code never depends on it (mutation runs rebuild hundreds of times).
 */
import { createRequire } from 'node:module'

import hardhatToolboxViem from '@nomicfoundation/hardhat-toolbox-viem'
import { defineConfig } from 'hardhat/config'

const compiler = {
  version: '0.8.37',
  path: createRequire(import.meta.url).resolve('solc/soljson.js'),
  settings: { evmVersion: 'prague', optimizer: { enabled: true, runs: 10_000 }, viaIR: false },
}

export default defineConfig({
  plugins: [hardhatToolboxViem],
  solidity: { profiles: { default: compiler, production: compiler } },
  paths: { sources: './src', tests: { nodejs: './test', solidity: './test/solidity' } },
  networks: { default: { type: 'edr-simulated', hardfork: 'osaka', allowBlocksWithSameTimestamp: true } },
  test: { solidity: { profiles: { default: solidityTests(256), nightly: solidityTests(2_560) } } },
})

/** Random values in place of ones from storage, which would mostly repeat; a seed, so that a failure comes back. */
function solidityTests(runs: number) {
  return {
    fuzz: { runs: 10_000, seed: '0x6173736179' },
    invariant: {
      runs,
      depth: 100,
      failOnRevert: true,
      shrinkRunLimit: 0,
      dictionaryWeight: 0,
      includeStorage: false,
      includePushBytes: false,
    },
  }
}
