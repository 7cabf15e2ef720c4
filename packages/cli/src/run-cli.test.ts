import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import type { Command } from 'commander'
import { runLine } from '../test/run-line.ts'
import { createTestIo } from '../test/test-io.ts'
import { exitCodes } from './exit-codes.ts'
import { createProgram } from './run-cli.ts'

/** Every command line without its options: `''`, `job`, `job show`, … */
function pathsOf(command: Command, path: readonly string[] = []): readonly (readonly string[])[] {
  return [path, ...command.commands.flatMap((sub) => pathsOf(sub, [...path, sub.name()]))]
}
const paths = pathsOf(await createProgram(createTestIo(), () => undefined))
const leaves = paths.filter(
  (path) => !paths.some((other) => other.length > path.length && path.every((word, i) => other[i] === word)),
)

const optionsOf = (command: Command): readonly string[] => [
  ...command.options.flatMap(({ long }) => long ?? []),
  ...command.commands.flatMap(optionsOf),
]

describe('every command', () => {
  it('is found', () => {
    for (const name of [
      'run',
      'check',
      'demo',
      'devnet',
      'job show',
      'receipt verify',
      'wallet create',
      'provider start',
      'doctor',
      'completion',
    ])
      assert.ok(
        paths.some((path) => path.join(' ') === name),
        name,
      )
  })

  for (const path of paths)
    it(`has help: assay ${path.join(' ')}`, async () => {
      for (const flag of ['--help', '-h']) {
        const { exit, out, err } = await runLine([...path, flag])
        assert.equal(exit, exitCodes.ok)
        assert.ok(out.startsWith(`Usage: ${['assay', ...path].join(' ')} `), out)
        assert.equal(err, '')
      }
    })

  for (const path of leaves)
    it(`says what it does and refuses an unknown option: assay ${path.join(' ')}`, async () => {
      const { out } = await runLine([...path, '--help'])
      assert.match(out, /\n\n\S.{15,}/)
      const refused = await runLine([...path, '--no-such-option'])
      assert.equal(refused.exit, exitCodes.usage)
      assert.equal(refused.out, '')
      assert.match(refused.err, /no-such-option|missing required argument|not specified/)
    })
})

describe('docs/cli.md', () => {
  const page = readFileSync(new URL('../../../docs/cli.md', import.meta.url), 'utf8')

  it('shows every command, and every exit status', () => {
    for (const path of leaves)
      assert.match(page, new RegExp(`^(eval "\\$\\(|\\w+=\\S+ )?assay ${path.join(' ')}\\b`, 'm'), path.join(' '))
    for (const [name, code] of Object.entries(exitCodes)) assert.match(page, new RegExp(`^\\| ${code} +\\|`, 'm'), name)
  })

  it('shows no option that does not exist', async () => {
    const known = new Set(['--help', '--version', ...optionsOf(await createProgram(createTestIo(), () => undefined))])
    // Options of other programs stand after ` -- ` or inside the code of a job.
    const shown = [...page.matchAll(/(?<=[`( ])--[a-z][a-z-]+/g)].map(([option]) => option)
    assert.ok(shown.length > 20)
    assert.deepEqual(
      shown.filter((option) => !known.has(option)),
      [],
    )
  })
})

describe('runCli', () => {
  it('prints its version', async () => {
    assert.deepEqual(
      { ...(await runLine(['--version'])), redrawn: [] },
      { exit: 0, out: '0.1.0', err: '', redrawn: [] },
    )
  })

  it('lists the exit statuses in its help', async () => {
    const { out } = await runLine(['--help'])
    for (const [name, code] of Object.entries(exitCodes)) assert.match(out, new RegExp(`(^|\\s)${code} `, 'm'), name)
  })

  const bad: readonly (readonly string[])[] = [
    [],
    ['no-such-command'],
    ['job'],
    ['job', 'show'],
    ['receipt', 'verify'],
    ['run', '--image', 'x', '--input', 'y', '--', 'true'],
    ['run', '--cap', '1', '--input', 'y', '--', 'true'],
    ['run', '--cap', '1', '--image', 'x', '--input', 'y'],
    ['check', '--image', 'x', '--', 'true'],
    ['check', '--image', 'x', '--input', 'y', '--runs', '1', '--', 'true'],
    ['check', '--image', 'x', '--input', 'y', '--runs', 'two', '--', 'true'],
    ['aggregator', 'start'],
    ['completion'],
    ['completion', 'tcsh'],
  ]
  for (const args of bad)
    it(`ends with 2 for bad arguments: ${args.join(' ')}`, async () => {
      const { exit, out, err } = await runLine(args)
      assert.equal(exit, exitCodes.usage)
      assert.equal(out, '')
      assert.match(err, /^error: |^Usage: |^no completion for /m)
    })

  const order = `0x${'ab'.repeat(32)}`
  const failing: readonly (readonly [
    code: string,
    exit: number,
    args: readonly string[],
    env?: Record<string, string>,
  ])[] = [
    ['config-invalid', 3, ['run', '--cap', '1', '--image', 'x', '--input', 'y', '--json', '--', 'true']],
    ['config-invalid', 3, ['job', 'list', '--json']],
    ['config-invalid', 3, ['job', 'show', order, '--json']],
    ['keystore-invalid', 3, ['wallet', 'show', '--json']],
    ['keystore-invalid', 3, ['wallet', 'create', '--json']],
    ['keystore-invalid', 3, ['job', 'list', '--json'], { ASSAY_AGGREGATOR: 'http://127.0.0.1:1' }],
    ['input-missing', 3, ['receipt', 'show', '/no/such/receipt.json', '--json']],
    ['input-missing', 3, ['receipt', 'verify', '/no/such/receipt.json', '--json']],
  ]
  for (const [code, exit, args, env = {}] of failing)
    it(`gives an error as one JSON object: ${args.join(' ')} is ${code}`, async () => {
      const run = await runLine(args, { env })
      assert.equal(run.exit, exit, run.out)
      assert.equal(run.err, '')
      const { error } = JSON.parse(run.out) as { readonly error: Record<string, unknown> }
      assert.equal(error['code'], code)
      assert.deepEqual(Object.keys(error).toSorted(), ['blame', 'code', 'details', 'message', 'next', 'stage'])
    })

  it('names the flag and the variable of a setting that is missing', async () => {
    const { exit, err } = await runLine(['provider', 'start'])
    assert.equal(exit, exitCodes.refused)
    assert.match(err, /flag: --rpc\n.*variable: ASSAY_RPC_URLS/)
  })

  it('takes the spending cap from the environment', async () => {
    const args = ['run', '--image', 'x', '--input', 'y', '--', 'true']
    const { exit } = await runLine(args, { env: { ASSAY_SPENDING_CAP: '1' } })
    assert.notEqual(exit, exitCodes.usage)
  })
})
