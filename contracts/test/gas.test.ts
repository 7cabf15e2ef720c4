/**
 * Holds gas to its goals and to `snapshots/gas.json`. A change of a figure is meant to be seen: run
 * `npm run gas:update -w contracts` and commit what it writes. `npm run bench -- gas` prints all of it beside baselines.
 */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { before, describe, it } from 'node:test'

import { type GasRow, TRANSACTION_CAP, measureGas } from './support/gas-report.ts'

/** Zero bytes in addresses, times and signatures move a figure by some 12 gas each. */
const TOLERANCE = 150

describe('gas', () => {
  let rows: GasRow[]
  let snapshot: Record<string, number>
  before(async () => {
    rows = await measureGas({ hardfork: 'osaka', proxied: false })
    snapshot = JSON.parse(await readFile(new URL('../snapshots/gas.json', import.meta.url), 'utf8')) as Record<
      string,
      number
    >
  })

  it('stays within every goal', () => {
    const goals = rows.filter(({ goal }) => goal !== undefined)
    assert.ok(goals.length >= 9)
    for (const { name, gas, goal } of goals) assert.ok(gas <= Number(goal), `${name}: ${gas} is above ${goal}`)
  })

  it('fits every batch into one transaction', () => {
    for (const { name, largest } of rows) assert.ok(largest <= TRANSACTION_CAP, `${name}: ${largest}`)
  })

  it('costs less than a naive escrow that verifies nothing, wherever it does the same', () => {
    for (const { name, gas, baseline, baselineOf } of rows)
      if (baselineOf === 'naive escrow') assert.ok(gas < baseline, `${name}: ${gas}, naive ${baseline}`)
  })

  it('is what the snapshot says', () => {
    assert.deepEqual(Object.keys(snapshot).toSorted(), rows.map(({ name }) => name).toSorted())
    for (const { name, gas } of rows) {
      const noted = snapshot[name] ?? 0
      assert.ok(Math.abs(gas - noted) <= TOLERANCE, `${name}: ${gas}, snapshot ${noted}`)
    }
  })
})
