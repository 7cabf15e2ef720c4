import type {
  Blame,
  ByteCount,
  DurationMs,
  HardwareClass,
  Manifest,
  MilliCpus,
  ResultRoot,
  UnixMs,
} from '@assay/protocol'

/**
 * Runs one command in one single-use container. Nothing a container does may harm the host; the same
 * task on any honest machine gives the same result root.
 */
export interface Sandbox extends AsyncDisposable {
  /** Asks the engine what it is and what it can give. Throws `docker-unavailable` or `docker-permission`. */
  probe(signal: AbortSignal): Promise<SandboxFacts>
  /**
   * Makes sure the image is present and is what its digest says.
   * Throws `image-unknown`, `image-digest-mismatch`, `image-refused`.
   */
  ensureImage(image: ImageRef, signal: AbortSignal): Promise<void>
  /**
   * Runs a task to its end. A job's failure is an outcome, not an exception; only an engine that does not answer
   * throws (`docker-unavailable`). Aborting kills and removes the container and gives outcome `cancelled`.
   */
  run(task: SandboxTask, signal: AbortSignal, observe?: SandboxObserver): Promise<SandboxOutcome>
  /** Kills and removes every container of this runner that no live call owns. Returns how many. Runs at open too. */
  reconcile(signal: AbortSignal): Promise<number>
}

/** `[name@]sha256:<64 hex>`: only the digest decides what runs. */
export type ImageRef = string

export interface SandboxFacts {
  readonly engineVersion: string
  readonly cpus: MilliCpus
  readonly memoryBytes: ByteCount
  readonly architecture: string
  readonly runtimes: readonly string[]
  readonly cgroupVersion: '1' | '2'
  /** Key of the processors that a job runs on; absent when it is not known. */
  readonly hardwareClass?: HardwareClass
}

export interface SandboxTask {
  /** Unique per attempt; also the container's name, so that a double start fails instead of running twice. */
  readonly runId: string
  readonly image: ImageRef
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly inputs: readonly SandboxInput[]
  readonly limits: SandboxLimits
  /** Standard output becomes part of the result. */
  readonly captureStdout: boolean
  /** When the run is pointless: stamped on the container as a label. */
  readonly deadline: UnixMs
  /** What the determinism gate varies between runs. Absent = the fixed conditions of every paid run. */
  readonly conditions?: SandboxConditions
}
export interface SandboxInput {
  /** Relative path below `/in`. */
  readonly path: string
  /** File on this host that holds the bytes; mounted read-only. */
  readonly hostPath: string
  readonly executable: boolean
}
export interface SandboxLimits {
  readonly cpus: MilliCpus
  /** Of all processes together, and of everything in the writable folders: those lie in memory. */
  readonly memoryBytes: ByteCount
  /** Size of each writable tmpfs: `/out`, `/tmp` and `/dev/shm`. */
  readonly diskBytes: ByteCount
  readonly pids: number
  readonly timeMs: DurationMs
  /** Sum of the sizes of all output files. */
  readonly outputBytes: ByteCount
  /** Captured or discarded, a job that prints more is stopped. */
  readonly stdoutBytes: ByteCount
}
/** Host conditions that a reproducible job must not depend on. */
export interface SandboxConditions {
  readonly hostname: string
  readonly locale: string
  readonly timeZone: string
  /** Cores the job may see. */
  readonly cpuCount: number
  /** Order in which the inputs are created: some filesystems list a folder in that order. */
  readonly inputOrder: 'sorted' | 'reversed'
}

export interface SandboxObserver {
  started?(at: UnixMs): void
  /** Standard error, and standard output when it is not captured. Bounded by the caller. */
  log?(chunk: Uint8Array): void
}

export type SandboxOutcome = SandboxSuccess | SandboxFailure
export interface SandboxSuccess {
  readonly kind: 'ok'
  readonly manifest: Manifest
  readonly resultRoot: ResultRoot
  /** Where each file's bytes lie until `dispose`; keyed by manifest path, `''` for standard output. */
  readonly files: ReadonlyMap<string, string>
  readonly durationMs: DurationMs
  readonly stderrTail: string
  /** Deletes the staged files. */
  dispose(): Promise<void>
}
export interface SandboxFailure {
  readonly kind: 'failed'
  readonly failure: SandboxFailureKind
  readonly blame: Blame
  readonly exitCode?: number
  readonly detail: string
  readonly durationMs: DurationMs
  /** Last bytes of standard error, peer-supplied text: never above debug in a log. */
  readonly stderrTail: string
}
export type SandboxFailureKind =
  | 'exit-nonzero'
  | 'time-limit'
  | 'memory-limit'
  | 'pids-limit'
  | 'disk-limit'
  | 'output-limit'
  | 'output-invalid'
  | 'command-invalid'
  | 'engine-fault'
  | 'cancelled'
