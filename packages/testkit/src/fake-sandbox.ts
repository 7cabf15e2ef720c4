/** A sandbox without an engine: its images are functions. For simulations, where a container would be too slow. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type {
  Clock,
  ImageRef,
  Sandbox,
  SandboxConditions,
  SandboxFacts,
  SandboxFailure,
  SandboxFailureKind,
  SandboxLimits,
  SandboxObserver,
  SandboxOutcome,
  SandboxTask,
} from '@assay/core'
import {
  byteCount,
  createManifest,
  deriveResultRoot,
  durationMs,
  hashBlob,
  imageDigest,
  MarketError,
  milliCpus,
  pathFault,
  type Blame,
  type DurationMs,
  type ManifestEntry,
} from '@assay/protocol'

/** What a program in an image does. A throw is a bug of the test and rises out of `run`. */
export type FakeImage = (job: FakeJob) => FakeEnd | Promise<FakeEnd>

export interface FakeJob {
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** By path below `/in`. */
  readonly inputs: ReadonlyMap<string, { readonly bytes: Uint8Array; readonly executable: boolean }>
  readonly limits: SandboxLimits
  /** Absent in a paid run. */
  readonly conditions: SandboxConditions | undefined
  readonly signal: AbortSignal
}

/** How it ends. Everything has a default: no output, status 0, at once. */
export interface FakeEnd {
  readonly exitCode?: number
  readonly stdout?: string | Uint8Array
  readonly stderr?: string
  /** By path below `/out`; folders of a file are made. */
  readonly files?: Readonly<Record<string, string | Uint8Array | FakeFile>>
  /** Folders without a file in them. */
  readonly directories?: readonly string[]
  /** Time on the clock; `Infinity` for a job that never ends. */
  readonly durationMs?: number
  /** What a kernel or an engine would have found: memory, processes, disk, a link in `/out`, its own fault. */
  readonly failure?: SandboxFailureKind
}
export interface FakeFile {
  readonly bytes: string | Uint8Array
  readonly executable: boolean
}

export interface FakeSandboxOptions {
  /** By reference; the digest alone decides. */
  readonly images: Readonly<Record<ImageRef, FakeImage>>
  readonly facts?: Partial<SandboxFacts>
}

/** Result files lie in a temporary folder until they are disposed of or the sandbox is closed. */
export function createFakeSandbox(deps: { readonly clock: Clock }, options: FakeSandboxOptions): Sandbox {
  const { clock } = deps
  const images = new Map(Object.entries(options.images).map(([ref, image]) => [imageDigest(ref), image]))
  const facts: SandboxFacts = { ...defaultFacts, ...options.facts }
  let home: string | undefined
  const closing = new AbortController()
  const live = new Map<string, Promise<unknown>>()
  let runs = 0

  const runLive = async (task: SandboxTask, image: FakeImage, signal: AbortSignal, observer: SandboxObserver) => {
    runs += 1
    const run = runs
    const startedAt = clock.now()
    observer.started?.(startedAt)
    const inputs = readInputs(task)
    if ('kind' in inputs) return inputs
    const end = await image({ ...task, inputs: inputs.files, conditions: task.conditions, signal })
    const late = (end.durationMs ?? 0) > task.limits.timeMs
    const stopped = await slept(clock, late ? task.limits.timeMs : (end.durationMs ?? 0), signal)
    if (stopped) return failed('cancelled', 'the caller cancelled the run')
    const printed = bytesOf(end.stdout ?? '')
    if (end.stderr !== undefined) observer.log?.(bytesOf(end.stderr))
    if (!task.captureStdout && printed.length > 0) observer.log?.(printed)
    const ran = durationMs(clock.now() - startedAt)
    const failure = late ? failed('time-limit', 'the job was still running at its time limit') : endFailure(end, task)
    if (failure !== undefined) return { ...failure, durationMs: ran, stderrTail: end.stderr ?? '' }
    home ??= mkdtempSync(join(tmpdir(), 'assay-fake-sandbox-'))
    return collect(end, { task, directory: join(home, String(run)), ran })
  }

  return {
    async probe(signal) {
      signal.throwIfAborted()
      return facts
    },
    async ensureImage(ref, signal) {
      signal.throwIfAborted()
      if (!images.has(imageDigest(ref)) || !/sha256:[0-9a-f]{64}$/.test(ref)) {
        throw new MarketError('image-unknown', 'the fake sandbox has no such image', { details: { image: ref } })
      }
    },
    async run(task, caller, observer = {}) {
      const signal = AbortSignal.any([caller, closing.signal])
      const image = images.get(imageDigest(task.image))
      if (signal.aborted) return failed('cancelled', 'the caller cancelled the run')
      if (task.command[0] === undefined || task.command[0] === '')
        return failed('command-invalid', 'the command is empty')
      if (image === undefined)
        return failed('engine-fault', 'image-unknown: the image is not on the engine', 'provider')
      if (live.has(task.runId)) return failed('engine-fault', 'a run with this id is under way', 'provider')
      const run = runLive(task, image, signal, observer)
      live.set(task.runId, run)
      return run.finally(() => live.delete(task.runId))
    },
    async reconcile(signal) {
      signal.throwIfAborted()
      return 0
    },
    async [Symbol.asyncDispose]() {
      closing.abort(new Error('the sandbox is closing'))
      await Promise.allSettled(live.values())
      if (home !== undefined) rmSync(home, { recursive: true, force: true })
    },
  }
}

const defaultFacts: SandboxFacts = {
  engineVersion: 'fake',
  cpus: milliCpus(4000),
  memoryBytes: byteCount(8 * 1024 ** 3),
  architecture: 'x86_64',
  runtimes: ['fake'],
  cgroupVersion: '2',
}

function readInputs(task: SandboxTask): { readonly files: FakeJob['inputs'] } | SandboxFailure {
  const files = new Map<string, { readonly bytes: Uint8Array; readonly executable: boolean }>()
  for (const { path, hostPath, executable } of task.inputs) {
    if (pathFault(path) !== undefined || files.has(path))
      return failed('command-invalid', `input path is refused: ${path}`)
    try {
      files.set(path, { bytes: readFileSync(hostPath), executable })
    } catch {
      return failed('engine-fault', `input ${path}: cannot be read`, 'provider')
    }
  }
  return { files }
}

/** True when the signal ended the sleep. */
async function slept(clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return true
  try {
    if (ms > 0) await clock.sleep(durationMs(ms), signal)
    return signal.aborted
  } catch (error) {
    if (signal.aborted) return true
    throw error
  }
}

function endFailure(end: FakeEnd, { limits }: SandboxTask): SandboxFailure | undefined {
  if (end.failure !== undefined) {
    return failed(end.failure, 'said the image', end.failure === 'engine-fault' ? 'provider' : 'client', end.exitCode)
  }
  if (bytesOf(end.stdout ?? '').length > limits.stdoutBytes) {
    return failed('output-limit', `more than ${limits.stdoutBytes} bytes on standard output`)
  }
  const code = end.exitCode ?? 0
  if (code === 126 || code === 127) return failed('command-invalid', `status ${code}`, 'client', code)
  if (code !== 0) return failed('exit-nonzero', `the job ended with status ${code}`, 'client', code)
  const written = Object.values(end.files ?? {}).reduce((sum, file) => sum + fileOf(file).bytes.length, 0)
  if (written > limits.outputBytes)
    return failed('output-limit', `the files are larger than ${limits.outputBytes} bytes`)
  return undefined
}

async function collect(
  end: FakeEnd,
  run: { readonly task: SandboxTask; readonly directory: string; readonly ran: DurationMs },
): Promise<SandboxOutcome> {
  const { task, directory, ran } = run
  mkdirSync(directory)
  const entries: ManifestEntry[] = []
  const staged = new Map<string, string>()
  const stage = async (path: string, bytes: Uint8Array) => {
    const target = join(directory, String(staged.size))
    writeFileSync(target, bytes)
    staged.set(path, target)
    return hashBlob(bytes)
  }
  const printed = bytesOf(end.stdout ?? '')
  if (task.captureStdout && printed.length > 0) entries.push({ kind: 'stdout', ...(await stage('', printed)) })
  const folders = new Set(end.directories)
  for (const [path, file] of Object.entries(end.files ?? {})) {
    const { bytes, executable } = fileOf(file)
    entries.push({ kind: 'file', path, executable, ...(await stage(path, bytes)) })
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) folders.add(path.slice(0, at))
  }
  for (const path of folders) entries.push({ kind: 'directory', path })
  const made = createManifest(entries)
  const dispose = async (): Promise<void> => rmSync(directory, { recursive: true, force: true })
  const stderrTail = end.stderr ?? ''
  if ('fault' in made) {
    await dispose()
    return { ...failed('output-invalid', `${made.fault}: ${made.path}`), durationMs: ran, stderrTail }
  }
  const { manifest } = made
  return {
    kind: 'ok',
    manifest,
    resultRoot: deriveResultRoot(manifest),
    files: staged,
    durationMs: ran,
    stderrTail,
    dispose,
  }
}

function failed(
  failure: SandboxFailureKind,
  detail: string,
  blame: Blame = 'client',
  exitCode?: number,
): SandboxFailure {
  const code = exitCode === undefined ? {} : { exitCode }
  return { kind: 'failed', failure, blame, ...code, detail, durationMs: durationMs(0), stderrTail: '' }
}

const bytesOf = (text: string | Uint8Array): Uint8Array =>
  typeof text === 'string' ? new TextEncoder().encode(text) : text
const fileOf = (file: string | Uint8Array | FakeFile): { readonly bytes: Uint8Array; readonly executable: boolean } =>
  typeof file === 'string' || file instanceof Uint8Array
    ? { bytes: bytesOf(file), executable: false }
    : { bytes: bytesOf(file.bytes), executable: file.executable }
