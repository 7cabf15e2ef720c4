/**
 * Tables of behaviour: state x call -> result. Tests are generated from them, one per cell, and README.md shows them.
 */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'

import { BaseError, ContractFunctionRevertedError } from 'viem'

/** What a call ends with where the guardian's stop changes nothing. */
export const UNCHANGED = 'the same'

export interface Row<Action extends string = string> {
  /** Function and, where it matters, caller. */
  readonly action: Action
  /** One result per state: `ok` or an error, in the order of the states. */
  readonly results: readonly string[]
  /** The result in every state while intake is stopped; `UNCHANGED` if the stop does not matter. */
  readonly stopped?: string
}

/** What to expect of one cell. */
export function resultOf(row: Row, position: number, intake: 'open' | 'stopped'): string {
  const result = row.results[position]
  assert.ok(result !== undefined, `${row.action} says nothing about state ${position}`)
  return intake === 'open' || row.stopped === undefined || row.stopped === UNCHANGED ? result : row.stopped
}

/** How a call ended: `ok`, or the name of the error, or the token's reason. */
export async function outcomeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call
    return 'ok'
  } catch (error) {
    const revert = error instanceof BaseError && error.walk((e) => e instanceof ContractFunctionRevertedError)
    if (!(revert instanceof ContractFunctionRevertedError)) throw error
    return revert.data?.errorName ?? revert.reason ?? revert.signature ?? 'no reason'
  }
}

/** Fails unless README.md shows the table. */
export async function assertInReadme(states: readonly string[], rows: readonly Row[]): Promise<void> {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8')
  // The formatter pads the columns.
  const narrow = readme.replaceAll(/ +\|/g, ' |').replaceAll(/-{3,}/g, '---')
  const table = renderTable(states, rows)
  assert.ok(narrow.includes(`\n\n${table}\n\n`), table)
}

function renderTable(states: readonly string[], rows: readonly Row[]): string {
  const stoppable = rows.some(({ stopped }) => stopped !== undefined)
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const head = ['call', ...states, ...(stoppable ? ['intake stopped'] : [])]
  const body = rows.map(({ action, results, stopped }) =>
    line([action, ...results, ...(stoppable ? [stopped ?? UNCHANGED] : [])]),
  )
  return [line(head), line(head.map(() => '---')), ...body].join('\n')
}
