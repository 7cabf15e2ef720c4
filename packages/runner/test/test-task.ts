/** Tasks for tests: small limits, a shell script, and outcomes asserted in one line. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import type {
  SandboxFailure,
  SandboxFailureKind,
  SandboxLimits,
  SandboxOutcome,
  SandboxSuccess,
  SandboxTask,
} from '@assay/core'
import { byteCount, durationMs, milliCpus, unixMs, type Blame } from '@assay/protocol'

export const never: AbortSignal = new AbortController().signal

let tasks = 0

const smallLimits: SandboxLimits = {
  cpus: milliCpus(1000),
  memoryBytes: byteCount(64 * 1024 * 1024),
  diskBytes: byteCount(4 * 1024 * 1024),
  pids: 16,
  timeMs: durationMs(60_000),
  outputBytes: byteCount(8 * 1024 * 1024),
  stdoutBytes: byteCount(1024 * 1024),
}

/** A task that runs `script` with the image's shell and captures what it prints. */
export function shellTask(
  image: string,
  script: string,
  parts: Omit<Partial<SandboxTask>, 'limits'> & { readonly limits?: Partial<SandboxLimits> } = {},
): SandboxTask {
  return {
    runId: `test ${process.pid}/${(tasks += 1)}`,
    image,
    command: ['sh', '-c', script],
    env: {},
    inputs: [],
    captureStdout: true,
    deadline: unixMs(Date.UTC(2100, 0, 1)),
    ...parts,
    limits: { ...smallLimits, ...parts.limits },
  }
}

export function assertOk(outcome: SandboxOutcome): SandboxSuccess {
  if (outcome.kind !== 'ok') assert.fail(`${outcome.failure}: ${outcome.detail}\n${outcome.stderrTail}`)
  return outcome
}

export function assertFailed(
  outcome: SandboxOutcome,
  failure: SandboxFailureKind,
  blame: Blame = 'client',
): SandboxFailure {
  if (outcome.kind === 'ok') assert.fail(`expected ${failure}, but the run succeeded`)
  assert.deepEqual([outcome.failure, outcome.blame], [failure, blame], `${outcome.detail}\n${outcome.stderrTail}`)
  return outcome
}

/** What a successful run printed. */
export async function printed(outcome: SandboxOutcome): Promise<string> {
  const path = assertOk(outcome).files.get('')
  return path === undefined ? '' : readFile(path, 'utf8')
}
