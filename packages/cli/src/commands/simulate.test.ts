import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { runLine } from '../../test/run-line.ts'
import { exitCodes } from '../exit-codes.ts'

interface Printed {
  readonly rows: readonly {
    readonly strategy: string
    readonly rule: string
    readonly gainOverHonest: number
    readonly standardError: number
    readonly parameters: Readonly<Record<string, number>>
    readonly verdict: string
  }[]
  readonly error?: { readonly code: string; readonly details: Readonly<Record<string, string>> }
}
const quick = ['--epochs', '300', '--json']

describe('assay simulate', () => {
  let folder = ''
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'assay-simulate-'))
  })
  after(async () => rm(folder, { recursive: true }))

  let files = 0
  const strategyFile = async (source: string, extension = 'mjs'): Promise<string> => {
    const path = join(folder, `strategy-${++files}.${extension}`)
    await writeFile(path, source)
    return path
  }
  const simulate = async (...args: string[]): Promise<Printed & { readonly exit: number; readonly out: string }> => {
    const { exit, out } = await runLine(['simulate', ...args, ...quick])
    return { exit, out, ...(JSON.parse(out) as Printed) }
  }

  it('prints a row for each strategy and rule, the same for the same seed', async () => {
    const args = ['--strategy', 'junk', '--strategy', 'lazy-validator']
    const { exit, rows, out } = await simulate(...args)
    assert.equal(exit, exitCodes.ok)
    assert.deepEqual(
      rows.map(({ strategy, rule }) => [strategy, rule]),
      [
        ['junk', 'ours'],
        ['lazy-validator', 'ours'],
        ['junk', 'boinc'],
        ['lazy-validator', 'boinc'],
      ],
    )
    for (const { gainOverHonest, standardError, parameters } of rows) {
      assert.ok(gainOverHonest < 0 && standardError >= 0)
      assert.equal(typeof parameters, 'object')
    }
    assert.equal((await simulate(...args)).out, out)
    assert.notEqual((await simulate(...args, '--seed', '2')).out, out)
    assert.equal((await simulate(...args, '--rule', 'ours')).rows.length, 2)
  })

  it('shows a person a table, and what is being played', async () => {
    const { exit, out, err } = await runLine(['simulate', '--strategy', 'junk', '--rule', 'ours', '--epochs', '300'])
    assert.equal(exit, exitCodes.ok)
    assert.match(out, /^junk +ours +-\d+\.\d+ ± \d+\.\d+ +loses +shards \d+$/m)
    assert.match(err, /^junk under ours$/m)
  })

  it('plays a strategy of one’s own, and ends with 1 when it gains under our rules', async () => {
    const source = (collusion: number): string => `export const strategy = {
      name: 'with-friends', party: 'pair', grid: { fakes: [1, 5] }, under: { collusion: ${collusion} },
      create: ({ fakes }) => ({ provider: { shard: ({ at }) => (at < fakes ? 'fake' : 'work') } }),
    }`
    const loses = await simulate('--strategy', await strategyFile(source(0)))
    assert.equal(loses.exit, exitCodes.ok)
    assert.equal(loses.rows[0]?.verdict, 'loses')
    const gains = await simulate('--strategy', await strategyFile(source(1), 'ts'))
    assert.equal(gains.exit, exitCodes.incomplete)
    assert.deepEqual([gains.rows[0]?.strategy, gains.rows[0]?.verdict], ['with-friends', 'gains'])
    assert.equal((await simulate('--strategy', await strategyFile(source(1)), '--rule', 'boinc')).exit, exitCodes.ok)
  })

  it('plays the example of docs/economics.md', async () => {
    const page = await readFile(new URL('../../../../docs/economics.md', import.meta.url), 'utf8')
    const [, example] = /```ts\n([^`]+)```/.exec(page) ?? []
    const { exit, rows } = await simulate('--strategy', await strategyFile(example ?? ''), '--rule', 'ours')
    assert.equal(exit, exitCodes.ok)
    assert.equal(rows[0]?.strategy, 'patient')
  })

  const bad: readonly (readonly [what: string, source: string])[] = [
    ['no export', 'export const other = 1'],
    ['a file that does not parse', 'export const strategy = {'],
    ['a name that is none', `export const strategy = { name: 'A B', party: 'provider', create() {} }`],
    ['a party that is none', `export const strategy = { name: 'x', party: 'judge', create() {} }`],
    ['no create', `export const strategy = { name: 'x', party: 'provider' }`],
    [
      'a grid without end',
      `export const strategy = { name: 'x', party: 'provider', create() {},
        grid: Object.fromEntries(Array.from({ length: 10 }, (_, i) => ['p' + i, [1, 2]])) }`,
    ],
    ['a player that plays nobody', `export const strategy = { name: 'x', party: 'provider', create: () => ({}) }`],
    [
      'a move that does not exist',
      `export const strategy = { name: 'x', party: 'provider', create: () => ({ provider: { shard: () => 'steal' } }) }`,
    ],
    [
      'a player that throws',
      `export const strategy = { name: 'x', party: 'validator',
        create: () => ({ validator: { seat() { throw new Error('no') } } }) }`,
    ],
  ]
  for (const [what, source] of bad)
    it(`refuses ${what}`, async () => {
      const { exit, error } = await simulate('--strategy', await strategyFile(source))
      assert.equal(exit, exitCodes.refused)
      assert.equal(error?.code, 'strategy-invalid')
    })

  it('refuses a name that is no villain, and names those that are', async () => {
    const { exit, error } = await simulate('--strategy', 'angel')
    assert.equal(exit, exitCodes.refused)
    assert.equal(error?.code, 'strategy-invalid')
    assert.match(error?.details['known'] ?? '', /junk .* briber/)
    assert.equal((await simulate('--strategy', join(folder, 'missing.mjs'))).error?.code, 'strategy-invalid')
  })

  it('draws no charts of a short sweep', async () => {
    const { exit, error } = await simulate('--strategy', 'junk', '--charts', folder)
    assert.equal(exit, exitCodes.refused)
    assert.equal(error?.code, 'config-invalid')
  })

  it('stops when interrupted', async () => {
    const stop = new AbortController()
    const running = runLine(['simulate', '--epochs', '100000000'], { signal: stop.signal })
    setImmediate(() => stop.abort(new Error('interrupted')))
    const { exit, out } = await running
    assert.equal(exit, exitCodes.cancelled)
    assert.equal(out, '')
  })
})
