/** What every `Sandbox` must do. Run on the Docker sandbox and on the fake, so that the fake stays honest. */
import assert from 'node:assert/strict'
import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type {
  Sandbox,
  SandboxConditions,
  SandboxFailure,
  SandboxFailureKind,
  SandboxLimits,
  SandboxOutcome,
  SandboxSuccess,
  SandboxTask,
} from '@assay/core'
import {
  byteCount,
  durationMs,
  encodeManifest,
  hashBlob,
  isMarketError,
  milliCpus,
  unixMs,
  type Blame,
  type ErrorCode,
} from '@assay/protocol'
import type { FakeImage } from './fake-sandbox.ts'

/** A sandbox under test and an image on it that has a POSIX shell. The suite closes the sandbox. */
export interface SandboxHarness {
  readonly sandbox: Sandbox
  readonly image: string
}

/** Declares the suite; `open` gives a fresh sandbox for each test. */
export function sandboxCompliance(open: () => Promise<SandboxHarness>): void {
  const withSandbox = (body: (harness: SandboxHarness) => Promise<void>) => async (): Promise<void> => {
    const harness = await open()
    await using _ = harness.sandbox
    await body(harness)
  }
  describe('results', () => {
    it('gives files, folders and execute bits, and their bytes', withSandbox(givesTree))
    it('gives the same root for the same work under other conditions', withSandbox(givesSameRoot))
    it('gives an empty manifest for a job that writes nothing', withSandbox(givesNothing))
    it('makes standard output part of the result only when it is captured', withSandbox(capturesStdout))
    it('shows inputs below /in', withSandbox(showsInputs))
    it('sets the variables of the task and the fixed ones', withSandbox(setsVariables))
    it('deletes the files on dispose', withSandbox(disposes))
  })
  describe('failures of the job', () => {
    for (const [name, failure] of failures)
      it(
        `${name}: ${failure.expect}`,
        withSandbox(async (it) => fails(it, failure)),
      )
    it('reports the status and the end of standard error', withSandbox(reportsStatus))
    it('refuses input paths that leave /in', withSandbox(refusesInputPath))
  })
  describe('failures around the job', () => {
    it('blames the provider for an input that is not there', withSandbox(blamesMissingInput))
    it('blames the provider for an image that was not ensured', withSandbox(blamesMissingImage))
    it('refuses a second run of the same id while the first lives', withSandbox(refusesDouble))
    it('knows its image and no other', withSandbox(knowsImages))
    it('tells what the machine is', withSandbox(tellsFacts))
  })
  describe('cancelling', () => {
    it('does not start for a caller that has aborted already', withSandbox(cancelsBefore))
    it('stops a running job', withSandbox(cancelsDuring))
    it('stops running jobs when it is closed', withSandbox(cancelsOnClose))
    it('leaves a live run alone when it reconciles', withSandbox(reconcilesAround))
  })
}

/** The jobs of the suite: shell scripts, and what they amount to on a sandbox without a shell. */
export const complianceImage: FakeImage = ({ command, inputs, env, conditions }) => {
  const script = command[2] ?? ''
  if (command[0] !== 'sh') return { exitCode: 127 }
  const copied = inputs.get('folder/data')
  switch (script) {
    case scripts.tree:
      return { directories: ['empty'], files: { 'a/b/file': 'one', run: { bytes: 'two\n', executable: true } } }
    case scripts.print:
      return { stdout: 'printed\n', stderr: 'said\n' }
    case scripts.copy:
      return copied === undefined ? { exitCode: 1 } : { files: { copy: copied.bytes } }
    case scripts.variables:
      return {
        stdout: `${env['GREETING']} ${conditions?.timeZone ?? 'UTC'} ${conditions?.locale ?? 'C.UTF-8'} ${conditions?.hostname ?? 'assay'}\n`,
      }
    case scripts.sleep:
      return { durationMs: Infinity }
    case scripts.flood:
      return { stdout: new Uint8Array(2 * 1024 * 1024) }
    case scripts.large:
      return { files: { large: new Uint8Array(65_537) } }
    case scripts.link:
      return { failure: 'output-invalid' }
    case scripts.fail:
      return { exitCode: 7, stderr: 'broken\n' }
    case scripts.memory:
    case scripts.memoryInside:
      return { failure: 'memory-limit' }
    case scripts.processes:
      return { failure: 'pids-limit' }
    case scripts.disk:
      return { failure: 'disk-limit' }
    default:
      return {}
  }
}

const scripts = {
  nothing: 'true',
  tree: 'mkdir -p /out/a/b /out/empty; printf one >/out/a/b/file; printf "two\\n" >/out/run; chmod 755 /out/run',
  print: 'echo printed; echo said >&2',
  copy: 'test -x /in/tool && test ! -x /in/folder/data && cat /in/folder/data >/out/copy',
  variables: 'echo "$GREETING $TZ $LC_ALL $HOSTNAME"',
  sleep: 'sleep 3600',
  flood: 'yes',
  large: 'head -c 65537 /dev/zero >/out/large',
  link: 'ln -s /etc/passwd /out/link',
  fail: 'echo broken >&2; exit 7',
  memory: 'tail /dev/zero',
  memoryInside: 'tail /dev/zero; exit 0',
  processes: 'i=0; while [ $i -lt 64 ]; do sleep 60 & i=$((i+1)); done; exit 1',
  disk: 'cat /dev/zero >/out/full; exit 1',
} as const

interface Failure {
  readonly expect: SandboxFailureKind
  readonly command: readonly string[]
  readonly limits?: Partial<SandboxLimits>
}
const shell = (script: string): readonly string[] => ['sh', '-c', script]
const failures: readonly (readonly [string, Failure])[] = [
  ['a status other than zero', { expect: 'exit-nonzero', command: shell(scripts.fail) }],
  ['no end in time', { expect: 'time-limit', command: shell(scripts.sleep), limits: { timeMs: durationMs(500) } }],
  ['more memory than allowed', { expect: 'memory-limit', command: shell(scripts.memory) }],
  ['a child with more memory, survived', { expect: 'memory-limit', command: shell(scripts.memoryInside) }],
  ['more processes than allowed', { expect: 'pids-limit', command: shell(scripts.processes) }],
  ['a full /out', { expect: 'disk-limit', command: shell(scripts.disk) }],
  ['endless standard output', { expect: 'output-limit', command: shell(scripts.flood) }],
  [
    'files larger than allowed',
    { expect: 'output-limit', command: shell(scripts.large), limits: { outputBytes: byteCount(65_536) } },
  ],
  ['a link in /out', { expect: 'output-invalid', command: shell(scripts.link) }],
  ['a program that is not there', { expect: 'command-invalid', command: ['no-such-program'] }],
  ['no program at all', { expect: 'command-invalid', command: [] }],
]

async function givesTree({ sandbox, image }: SandboxHarness): Promise<void> {
  const outcome = succeeded(await sandbox.run(task(image, { command: shell(scripts.tree) }), never))
  const [one, two] = [await hashBlob(Buffer.from('one')), await hashBlob(Buffer.from('two\n'))]
  assert.equal(
    encodeManifest(outcome.manifest),
    `assay-manifest/1\nd a\nd a/b\nf 644 3 ${one.root} a/b/file\nd empty\nf 755 4 ${two.root} run\n`,
  )
  assert.deepEqual([...outcome.files.keys()].toSorted(), ['a/b/file', 'run'])
  assert.equal(await readFile(outcome.files.get('run') ?? '', 'utf8'), 'two\n')
}

async function givesSameRoot({ sandbox, image }: SandboxHarness): Promise<void> {
  const plain = task(image, { command: shell(scripts.tree) })
  const first = succeeded(await sandbox.run(plain, never))
  const second = succeeded(await sandbox.run({ ...plain, runId: freshId(), conditions: otherConditions }, never))
  assert.equal(second.resultRoot, first.resultRoot)
}

async function givesNothing({ sandbox, image }: SandboxHarness): Promise<void> {
  const outcome = succeeded(await sandbox.run(task(image, { command: shell(scripts.nothing) }), never))
  assert.deepEqual(outcome.manifest.entries, [])
  assert.equal(outcome.files.size, 0)
}

async function capturesStdout({ sandbox, image }: SandboxHarness): Promise<void> {
  const command = shell(scripts.print)
  const captured = succeeded(await sandbox.run(task(image, { command, captureStdout: true }), never))
  const { root, size } = await hashBlob(Buffer.from('printed\n'))
  assert.deepEqual(captured.manifest.entries, [{ kind: 'stdout', root, size }])
  assert.equal(await readFile(captured.files.get('') ?? '', 'utf8'), 'printed\n')
  assert.equal(captured.stderrTail, 'said\n')
  const chunks: Uint8Array[] = []
  const log = (chunk: Uint8Array): void => void chunks.push(Uint8Array.from(chunk))
  const logged = succeeded(await sandbox.run(task(image, { command }), never, { log }))
  assert.deepEqual(logged.manifest.entries, [])
  const text = Buffer.concat(chunks).toString()
  assert.ok(text.includes('printed\n') && text.includes('said\n'), text)
}

async function showsInputs({ sandbox, image }: SandboxHarness): Promise<void> {
  await using folder = await temporaryFolder()
  const hostPath = join(folder.path, 'data')
  await writeFile(hostPath, 'given')
  const inputs = [
    { path: 'folder/data', hostPath, executable: false },
    { path: 'tool', hostPath, executable: true },
  ]
  const outcome = succeeded(await sandbox.run(task(image, { command: shell(scripts.copy), inputs }), never))
  assert.equal(await readFile(outcome.files.get('copy') ?? '', 'utf8'), 'given')
}

async function setsVariables({ sandbox, image }: SandboxHarness): Promise<void> {
  const plain = task(image, { command: shell(scripts.variables), env: { GREETING: 'a  "b" $c' }, captureStdout: true })
  const printed = async (conditions?: SandboxConditions): Promise<string> => {
    const varied = conditions === undefined ? plain : { ...plain, conditions }
    const outcome = succeeded(await sandbox.run({ ...varied, runId: freshId() }, never))
    return readFile(outcome.files.get('') ?? '', 'utf8')
  }
  assert.equal(await printed(), 'a  "b" $c UTC C.UTF-8 assay\n')
  assert.equal(await printed(otherConditions), 'a  "b" $c Asia/Tokyo C other-host\n')
}

async function disposes({ sandbox, image }: SandboxHarness): Promise<void> {
  const outcome = succeeded(await sandbox.run(task(image, { command: shell(scripts.tree) }), never))
  const path = outcome.files.get('run') ?? ''
  await access(path)
  await outcome.dispose()
  await assert.rejects(access(path))
}

async function fails({ sandbox, image }: SandboxHarness, { expect, command, limits }: Failure): Promise<void> {
  const plain = task(image, { command })
  const outcome = await sandbox.run({ ...plain, limits: { ...plain.limits, ...limits } }, never)
  failedAs(outcome, expect, 'client')
}

async function reportsStatus({ sandbox, image }: SandboxHarness): Promise<void> {
  const outcome = await sandbox.run(task(image, { command: shell(scripts.fail) }), never)
  const { exitCode, stderrTail } = failedAs(outcome, 'exit-nonzero', 'client')
  assert.equal(exitCode, 7)
  assert.equal(stderrTail, 'broken\n')
}

async function refusesInputPath({ sandbox, image }: SandboxHarness): Promise<void> {
  await using folder = await temporaryFolder()
  const hostPath = join(folder.path, 'data')
  await writeFile(hostPath, 'given')
  for (const path of ['../escape', '/etc/passwd', 'a//b', 'new\nline', '']) {
    const inputs = [{ path, hostPath, executable: false }]
    failedAs(
      await sandbox.run(task(image, { command: shell(scripts.nothing), inputs }), never),
      'command-invalid',
      'client',
    )
  }
}

async function blamesMissingInput({ sandbox, image }: SandboxHarness): Promise<void> {
  const inputs = [{ path: 'data', hostPath: join(tmpdir(), 'assay-no-such-file'), executable: false }]
  failedAs(
    await sandbox.run(task(image, { command: shell(scripts.nothing), inputs }), never),
    'engine-fault',
    'provider',
  )
}

async function blamesMissingImage({ sandbox }: SandboxHarness): Promise<void> {
  failedAs(
    await sandbox.run(task(unknownImage, { command: shell(scripts.nothing) }), never),
    'engine-fault',
    'provider',
  )
}

async function refusesDouble({ sandbox, image }: SandboxHarness): Promise<void> {
  const abort = new AbortController()
  const started = Promise.withResolvers<undefined>()
  const long = task(image, { command: shell(scripts.sleep) })
  const first = sandbox.run(long, abort.signal, { started: () => started.resolve(undefined) })
  await started.promise
  failedAs(await sandbox.run(long, never), 'engine-fault', 'provider')
  abort.abort()
  failedAs(await first, 'cancelled', 'client')
}

async function knowsImages({ sandbox, image }: SandboxHarness): Promise<void> {
  await sandbox.ensureImage(image, never)
  for (const other of [unknownImage, 'busybox:latest', 'sha256:abc']) {
    await assert.rejects(sandbox.ensureImage(other, never), hasCode('image-unknown'))
  }
}

async function tellsFacts({ sandbox }: SandboxHarness): Promise<void> {
  const facts = await sandbox.probe(never)
  assert.ok(facts.cpus >= 1000 && facts.memoryBytes > 0)
  assert.ok(facts.engineVersion !== '' && facts.architecture !== '' && facts.runtimes.length > 0)
}

async function cancelsBefore({ sandbox, image }: SandboxHarness): Promise<void> {
  const outcome = await sandbox.run(task(image, { command: shell(scripts.nothing) }), AbortSignal.abort())
  failedAs(outcome, 'cancelled', 'client')
}

async function cancelsDuring({ sandbox, image }: SandboxHarness): Promise<void> {
  const abort = new AbortController()
  const observer = { started: (): void => abort.abort() }
  failedAs(
    await sandbox.run(task(image, { command: shell(scripts.sleep) }), abort.signal, observer),
    'cancelled',
    'client',
  )
}

async function cancelsOnClose({ sandbox, image }: SandboxHarness): Promise<void> {
  const started = Promise.withResolvers<undefined>()
  const observer = { started: (): void => started.resolve(undefined) }
  const run = sandbox.run(task(image, { command: shell(scripts.sleep) }), never, observer)
  await started.promise
  await sandbox[Symbol.asyncDispose]()
  failedAs(await run, 'cancelled', 'client')
}

async function reconcilesAround({ sandbox, image }: SandboxHarness): Promise<void> {
  const abort = new AbortController()
  const started = Promise.withResolvers<undefined>()
  const observer = { started: (): void => started.resolve(undefined) }
  const run = sandbox.run(task(image, { command: shell(scripts.sleep) }), abort.signal, observer)
  await started.promise
  assert.equal(await sandbox.reconcile(never), 0)
  abort.abort()
  failedAs(await run, 'cancelled', 'client')
}

let tasks = 0
const freshId = (): string => `compliance/${process.pid}/${(tasks += 1)}`

function task(image: string, parts: Partial<SandboxTask>): SandboxTask {
  return {
    runId: freshId(),
    image,
    command: [],
    env: {},
    inputs: [],
    captureStdout: false,
    deadline: unixMs(Date.UTC(2100, 0, 1)),
    limits: {
      cpus: milliCpus(1000),
      memoryBytes: byteCount(64 * 1024 * 1024),
      diskBytes: byteCount(4 * 1024 * 1024),
      pids: 16,
      timeMs: durationMs(60_000),
      outputBytes: byteCount(8 * 1024 * 1024),
      stdoutBytes: byteCount(1024 * 1024),
    },
    ...parts,
  }
}

const otherConditions: SandboxConditions = {
  hostname: 'other-host',
  locale: 'C',
  timeZone: 'Asia/Tokyo',
  cpuCount: 2,
  inputOrder: 'reversed',
}

function succeeded(outcome: SandboxOutcome): SandboxSuccess {
  if (outcome.kind !== 'ok') assert.fail(`${outcome.failure}: ${outcome.detail}\n${outcome.stderrTail}`)
  return outcome
}

function failedAs(outcome: SandboxOutcome, failure: SandboxFailureKind, blame: Blame): SandboxFailure {
  if (outcome.kind === 'ok') assert.fail(`expected ${failure}`)
  assert.deepEqual({ failure: outcome.failure, blame: outcome.blame }, { failure, blame }, outcome.detail)
  return outcome
}

const hasCode =
  (code: ErrorCode) =>
  (error: unknown): boolean =>
    isMarketError(error) && error.code === code

async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'assay-compliance-'))
  return { path, [Symbol.asyncDispose]: async () => rm(path, { recursive: true, force: true }) }
}

const unknownImage = `sha256:${'0'.repeat(64)}`
const never = new AbortController().signal
