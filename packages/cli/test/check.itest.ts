/** `assay check` on a real engine: jobs that are reproducible pass, and each way of not being so is named. */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Difference } from '@assay/core'
import { docker, dockerSkip } from '../../runner/test/docker-for-tests.ts'
import { exitCodes } from '../src/exit-codes.ts'
import { loadGateImage } from './gate-image.ts'
import { runLine } from './run-line.ts'

/** What `--json` prints. */
interface Printed {
  readonly reproducible: boolean
  readonly more: boolean
  readonly notVaried: readonly string[]
  readonly shards: readonly {
    readonly name: string
    readonly same: boolean
    readonly differences: readonly (Difference & { readonly run: number; readonly fix: string })[]
  }[]
}

/** Every shard is a script that finds itself as `$0`; what its differences are, as `kind path cause`. */
const jobs: Readonly<Record<string, readonly [script: string, ...expected: string[]]>> = {
  'a-sorted': ['echo text > /out/a; mkdir /out/d; sort $0; wc -c < $0 >&2'],
  'b-clock': ['date +%s', 'content  time'],
  'c-date': ['date', 'content  time', 'content  time-zone'],
  'd-zone': ['date -d @1763741109', 'content  time-zone'],
  'e-host': ['echo "on $(hostname)" > /out/log', 'content log host-name'],
  'f-locale': ['echo $LANG', 'content  locale'],
  'g-random': ['head -c 32 /dev/urandom > /out/key', 'content key randomness'],
  'h-dump': ['head -c 16 /dev/urandom | od -An -tx1', 'content  randomness'],
  'i-name': ['echo x > /out/at-$(date +%s)', 'missing  time', 'extra  time'],
  'j-silent': ['[ "$TZ" = UTC ] || exit 4', 'failure  unknown'],
  'k-two': ['echo same; hostname; date +%s; hostname', 'content  host-name', 'content  time'],
}
/** Depend on what the machine can vary. */
const machineJobs: Readonly<Record<string, readonly [script: string, expected: string]>> = {
  'l-cores': ['nproc', 'threads'],
  'm-order': ['find /in', 'order'],
}

const skip = await dockerSkip()

describe('assay check', { skip }, () => {
  let image = ''
  let home = ''
  before(async () => {
    image = await loadGateImage()
    home = await mkdtemp(join(tmpdir(), 'assay-check-test-'))
  })
  after(async () => {
    await rm(home, { recursive: true })
    const left = await docker.listContainers({
      all: true,
      filters: { label: [`market.assay.runner=check-${process.pid}`] },
    })
    assert.deepEqual(left, [], 'containers left behind')
    const folders = [...(await readdir(tmpdir())), ...(await readdir('/dev/shm').catch(() => []))]
    assert.deepEqual(
      folders.filter((name) => name.startsWith(`assay-check-${process.pid}-`)),
      [],
      'folders left behind',
    )
  })

  /** A folder of inputs: text is a file, a list of names a folder of files. */
  const inputsOf = async (inputs: Readonly<Record<string, string | readonly string[]>>): Promise<string> => {
    const folder = await mkdtemp(join(home, 'in-'))
    for (const [name, content] of Object.entries(inputs)) {
      if (typeof content === 'string') await writeFile(join(folder, name), content)
      else {
        await mkdir(join(folder, name))
        for (const file of content) await writeFile(join(folder, name, file), file)
      }
    }
    return folder
  }
  const check = async (input: string, options: readonly string[], command: readonly string[], io = {}) =>
    runLine(['check', '--image', image, '--input', input, ...options, '--', ...command], io)
  const brief = (shard: Printed['shards'][number] | undefined): readonly string[] | undefined =>
    shard?.differences.map(({ kind, path, cause }) => `${kind} ${path.startsWith('at-') ? '' : path} ${cause}`)

  it('passes what is reproducible and names the cause of what is not', async () => {
    const input = await inputsOf(Object.fromEntries(Object.entries(jobs).map(([name, [script]]) => [name, script])))
    const run = await check(input, ['--all', '--json'], ['sh', '{}'])
    assert.equal(run.exit, exitCodes.incomplete)
    assert.equal(run.err, '')
    const printed = JSON.parse(run.out) as Printed
    assert.equal(printed.reproducible, false)
    for (const [name, [, ...expected]] of Object.entries(jobs)) {
      const shard = printed.shards.find((one) => one.name === name)
      assert.deepEqual(brief(shard), expected, `${name}: ${JSON.stringify(shard)}`)
      assert.equal(shard?.same, expected.length === 0, name)
      assert.ok(shard.differences.every(({ fix, run: which }) => fix.length > 20 && which === 2))
    }
    const [zone] = printed.shards.find(({ name }) => name === 'd-zone')?.differences ?? []
    assert.deepEqual(zone?.first, {
      offset: 12,
      hex: '36 3a 30 35 3a 30 39 20 55 54 43 20 32 30 32 35',
      text: 'Fri Nov 21 16:05:09 UTC 2025\\n',
    })
  })

  it('sees the number of cores and the order of directory entries, where the machine can vary them', async () => {
    const names = Array.from({ length: 12 }, (_, i) => `entry-${i}`)
    const input = await inputsOf({ 'l-cores': names, 'm-order': names })
    const run = await check(
      input,
      ['--json'],
      ['sh', '-c', `${machineJobs['l-cores']?.[0]}; ${machineJobs['m-order']?.[0]}`],
    )
    const printed = JSON.parse(run.out) as Printed
    const expected = [
      ...(printed.notVaried.includes('cores') ? [] : ['threads']),
      ...(printed.notVaried.includes('directory order') ? [] : ['order']),
    ]
    for (const { differences } of printed.shards)
      assert.deepEqual(
        differences.map(({ cause }) => cause),
        expected,
      )
  })

  it('passes with exit status 0, says how much was checked, and --all checks the rest', async () => {
    const input = await inputsOf({ a: '3\n1\n2\n', b: '', c: 'x', d: 'y' })
    const some = await check(input, [], ['sort', '{}'])
    assert.equal(some.exit, exitCodes.ok)
    assert.match(
      some.out,
      /^a {2}same\nb {2}same\nc {2}same\nvaried: host name, .*\nthere are more shards; .*--all.*\nreproducible: 3 shards/,
    )
    const all = await check(input, ['--all'], ['sort', '{}'])
    assert.equal(all.exit, exitCodes.ok)
    assert.match(all.out, /reproducible: 4 shards, 2 runs each/)
    assert.doesNotMatch(all.out, /more shards/)
  })

  it('holds a job of class D3 to its tolerance and no further', async () => {
    const input = await inputsOf({ a: '' })
    const script = 'v=1.0000002; [ "$TZ" = UTC ] || v=1.0000001; echo "x;$v" > /out/t.csv; echo "[$v]"'
    const tell = async (...options: readonly string[]): Promise<readonly string[] | undefined> => {
      const run = await check(input, [...options, '--json'], ['sh', '-c', script])
      const [shard] = (JSON.parse(run.out) as Printed).shards
      return shard?.differences.map(({ path }) => path)
    }
    const within = 'absolute=1e-6,*.csv=csv,/dev/stdout=json'
    assert.deepEqual(await tell('--class', 'D3', '--tolerance', within), [])
    assert.deepEqual(await tell('--class', 'D3', '--tolerance', within.replace('1e-6', '1e-9')), ['', 't.csv'])
    assert.deepEqual(await tell('--class', 'D3', '--tolerance', 'absolute=1e-6'), ['', 't.csv'])
    assert.deepEqual(await tell(), ['', 't.csv'])
  })

  it('tells what an earlier run told only once', async () => {
    const input = await inputsOf({ a: '' })
    const run = await check(input, ['--runs', '3', '--json'], ['sh', '-c', 'hostname; date +%s'])
    const [shard] = (JSON.parse(run.out) as Printed).shards
    assert.deepEqual(
      shard?.differences.map(({ cause, run: which }) => [cause, which]),
      [
        ['host-name', 2],
        ['time', 2],
      ],
    )
  })

  it('finds one differing byte behind twenty million equal ones', async () => {
    const input = await inputsOf({ a: '' })
    const script = 'head -c 20000000 /dev/zero > /out/big; hostname >> /out/big'
    const run = await check(input, ['--json'], ['sh', '-c', script])
    const [found] = (JSON.parse(run.out) as Printed).shards[0]?.differences ?? []
    assert.equal(found?.path, 'big')
    assert.deepEqual([found.offset, found.cause], [20_000_000, 'host-name'])
    assert.equal(found.first?.hex, '61 73 73 61 79 0a')
  })

  it('shows values, causes and fixes to a person, and each fix once', async () => {
    const input = await inputsOf({ a: '', b: '' })
    const run = await check(input, [], ['hostname'], { isTerminal: true })
    assert.equal(run.exit, exitCodes.incomplete)
    assert.match(
      run.out,
      /a {2}DIFFERENT, unverifiable\n {2}standard output, byte 0: the host name\n {4}run 1 {2}"assay\\n" {2}61 73 73 61 79 0a\n/,
    )
    assert.equal(run.out.split('fix:').length, 2)
    assert.match(run.out, /not reproducible: 2 of 2 shards differ between runs$/)
    assert.equal(run.err, '', 'a terminal has one line that is redrawn')
    assert.ok(run.redrawn.some((line) => line === 'checking b (2 of 2), run 2 of 2'))
    assert.equal(run.redrawn.at(-1), '')
  })

  it('calls a failure of the job by its name, with the end of standard error', async () => {
    const input = await inputsOf({ a: '' })
    const run = await check(input, ['--json'], ['sh', '-c', 'echo "no \u001b[1mmodel" >&2; exit 3'])
    const { error } = JSON.parse(run.out) as { readonly error: Record<string, unknown> }
    assert.equal(error['code'], 'attempt-exit-nonzero')
    assert.equal(error['blame'], 'client')
    assert.deepEqual(error['details'], { shard: 'a', exitCode: 3, stderr: 'no [1mmodel' })
    const missing = await check(input, ['--json'], ['no-such-program'])
    assert.match(missing.out, /"attempt-command-invalid"/)
    const slow = await check(input, ['--json', '--time', '1'], ['sh', '-c', 'while :; do :; done'])
    assert.match(slow.out, /"attempt-time-limit"/)
  })

  it('refuses what no market would take', async () => {
    const input = await inputsOf({ a: '' })
    for (const [options, code] of [
      [['--memory', '1'], 'spec-invalid'],
      [['--env', 'nonsense'], 'spec-invalid'],
      [['--shared', join(input, 'nothing')], 'input-missing'],
    ] as const) {
      const run = await check(input, [...options, '--json'], ['hostname'])
      assert.equal(run.exit, exitCodes.refused)
      assert.match(run.out, new RegExp(`"${code}"`))
    }
    assert.match((await check(join(input, 'nothing'), ['--json'], ['hostname'])).out, /"input-missing"/)
    assert.match((await check(await inputsOf({}), ['--json'], ['hostname'])).out, /"spec-invalid"/)
    const unknown = await runLine(['check', '--image', 'no-such-image:1', '--input', input, '--json', '--', 'true'])
    assert.match(unknown.out, /"image-unknown"/)
  })

  it('stops when interrupted, within a run', async () => {
    const input = await inputsOf({ a: '' })
    const stop = new AbortController()
    const running = check(input, [], ['sh', '-c', 'while :; do :; done'], { signal: stop.signal })
    const poll = async (): Promise<boolean> => {
      const label = [`market.assay.runner=check-${process.pid}`]
      return (await docker.listContainers({ filters: { label } })).length > 0
    }
    while (!(await poll())) await new Promise((resolve) => setImmediate(resolve))
    stop.abort(new Error('interrupted'))
    assert.equal((await running).exit, exitCodes.cancelled)
  })
})
