/**
 * Gas of every path of the contracts, from receipts of an in-process chain under the rules of osaka and of prague, with the
 * token as it is and behind a proxy like the one in front of native USDC. Beside each: what a naive escrow that verifies
 * nothing, or a plain transfer of the same token, costs in the same run.
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { GasOptions, GasRow } from '../../contracts/test/support/gas-report.ts'
import type { Benchmark } from './main.ts'

const run = promisify(execFile)
const contracts = fileURLToPath(new URL('../../contracts', import.meta.url))

export const runGas: Benchmark = async (note) => {
  note('measuring gas on four chains (about 20 s)')
  // The compiler's artifacts and Hardhat belong to the contracts workspace, so it measures in a process of its own.
  const { stdout } = await run(process.execPath, ['scripts/print-gas.ts'], { cwd: contracts, maxBuffer: 2 ** 24 })
  const reports = JSON.parse(stdout) as (GasOptions & { readonly rows: readonly GasRow[] })[]
  return reports.flatMap(({ hardfork, proxied, rows }) =>
    rows.map(({ name, gas, goal, baseline, baselineOf }) => ({
      name: `${name} [${hardfork}${proxied ? ', token behind a proxy' : ''}] ÷ ${baselineOf}`,
      value: gas,
      unit: 'gas',
      baseline,
      ratio: gas / baseline,
      // The goals are for the token as it is; behind a proxy the figure is for information.
      goal: proxied ? undefined : goal,
      goalOf: 'value' as const,
      met: proxied || goal === undefined || gas <= goal,
    })),
  )
}
