/**
 * `node scripts/print-gas.ts`: measures gas under the rules of osaka and prague, with the token as it is and behind a proxy,
 * and prints `[{hardfork, proxied, rows}]` as JSON. `--update` writes `snapshots/gas.json` instead.
 */
import { mkdir, writeFile } from 'node:fs/promises'

import { measureGas } from '../test/support/gas-report.ts'

if (process.argv.includes('--update')) {
  const rows = await measureGas({ hardfork: 'osaka', proxied: false })
  const figures = Object.fromEntries(rows.map(({ name, gas }) => [name, gas]))
  await mkdir(new URL('../snapshots/', import.meta.url), { recursive: true })
  await writeFile(new URL('../snapshots/gas.json', import.meta.url), `${JSON.stringify(figures, null, 2)}\n`)
} else {
  const reports = []
  for (const hardfork of ['osaka', 'prague'] as const)
    for (const proxied of [false, true])
      reports.push({ hardfork, proxied, rows: await measureGas({ hardfork, proxied }) })
  process.stdout.write(`${JSON.stringify(reports)}\n`)
}
