/** Bounds of the runner package, each with the reason for its number. */
export const limits = {
  /** One question to the engine (info, inspect, list): milliseconds when idle, seconds when every core is busy. */
  askMs: 30_000,
  /** Creating a container: 15 ms when idle; the engine serialises creations. */
  createMs: 60_000,
  /** Starting one: 180 ms when idle, and the slowest call under load. */
  startMs: 120_000,
  /** Attaching to one: answers before the container starts. */
  attachMs: 30_000,
  /** A kill: 67 ms when idle. Past this the container is given up and quarantined. */
  killMs: 30_000,
  /** Removing one: 6 ms when idle. A stuck runtime never answers; the container is then quarantined. */
  removeMs: 60_000,
  /** Pulling an image by digest: gigabytes over a slow line. */
  pullMs: 30 * 60_000,
  /** From the job's end to the last byte of its result, beside `drainBytesPerMs`: a busy machine. */
  drainMs: 30_000,
  /** Slowest rate at which a result may leave the container: 8 MB/s, a tenth of what a busy machine does. */
  drainBytesPerMs: 8000,
  /** From the container's end to the end of its streams: what is buffered in the engine is at most a few MB. */
  tailMs: 60_000,
  /** Containers that the engine fails to remove before this runner takes no more work: the engine is broken. */
  quarantined: 8,
  /** Runs that wait for a free core, per sandbox: a caller with more should not have leased them. */
  waitingRuns: 1024,
  /** Command and environment together: the kernel takes 2 MiB with an 8 MiB stack, the stub needs some. */
  commandBytes: 1_500_000,
  /** One command word or variable: the kernel refuses 128 KiB. */
  wordBytes: 131_000,
  /** Least memory of a container: the stub and the shared libraries of a small program. */
  memoryFloorBytes: 16 * 1024 * 1024,
  /** Room for the stub's own processes beside the job's. */
  stubPids: 4,
  /** Open files of a process in the container: the traditional soft limit. */
  openFiles: 1024,
  /** Room above `diskBytes` for one file's length, so that a full disk shows as ENOSPC before EFBIG. */
  fileSlackBytes: 1024 * 1024,
  /** Files and directories in each writable tmpfs: the most a manifest can hold, plus the root. */
  inodes: 100_001,
  /** End of standard error that is kept for people: enough for a stack trace. */
  stderrTailBytes: 4096,
  /** Standard error of one run: a chatty job's log; past it, a flood. */
  stderrBytes: 16 * 1024 * 1024,
  /** The stub's report line: six numbers. */
  reportBytes: 256,
  /** What may follow the archive: its padding to 10 KiB and one line. */
  trailerBytes: 64 * 1024,
  /** Largest image accepted: keeps a provider's disk from being filled by one job. */
  imageBytes: 32 * 1024 * 1024 * 1024,
  /** Hex digits of the hash in a container's name: collisions need 2^32 live runs. */
  nameDigits: 16,
  /** Characters of the run id kept in a container's name for people: the engine allows far more. */
  nameSlug: 40,
  /** An engine's message in an error or an outcome: one sentence. */
  detailChars: 500,
} as const
