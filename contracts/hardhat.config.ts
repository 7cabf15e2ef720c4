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
  test: {
    solidity: {
      fuzz: { runs: 10_000, seed: '0x6173736179' },
      invariant: { runs: 10_000, depth: 60, failOnRevert: true },
    },
  },
})
