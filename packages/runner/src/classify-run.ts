/** What a run's traces mean, and whose fault it was. An exit status alone means nothing: a job can return any. */
import type { SandboxFailureKind } from '@assay/core'
import type { Blame } from '@assay/protocol'
import type { OutputFault, OutputTree } from './collect-tree.ts'
import type { StubReport } from './stub-script.ts'

/** Everything seen of one run. */
export interface RunTraces {
  /** Why the image or the command could not be started. */
  readonly unstartable?: string
  /** Why this runner killed the container, if it did. */
  readonly stopped?: 'cancelled' | 'time-limit' | 'drain-limit' | 'output-fault'
  readonly report?: StubReport
  /** Status of a supervisor that died. */
  readonly lost?: number
  readonly fault?: OutputFault
  readonly tree?: OutputTree
  /** The engine's word for "the kernel killed for memory". Late or missing now and then. */
  readonly oomKilled: boolean
  /** Status of PID 1. */
  readonly status: number
}

export type RunVerdict =
  | { readonly kind: 'ok'; readonly tree: OutputTree }
  | {
      readonly kind: 'failed'
      readonly failure: SandboxFailureKind
      readonly blame: Blame
      readonly exitCode?: number
      readonly detail: string
    }

/** First match wins: our own stop, then the kernel's, then the job's own end. */
export function classifyRun(traces: RunTraces): RunVerdict {
  const { report } = traces
  if (traces.stopped === 'cancelled') return failed('cancelled', 'the caller cancelled the run')
  if (traces.unstartable !== undefined) return failed('command-invalid', traces.unstartable)
  if (traces.stopped === 'time-limit') return failed('time-limit', 'the job was still running at its time limit')
  if (traces.oomKilled || (report?.memoryKills ?? 0) > 0) {
    return failed(
      'memory-limit',
      'the kernel killed a process of the job for memory (/out and /tmp count)',
      report?.exitCode,
    )
  }
  if (traces.stopped === 'drain-limit') return failed('output-invalid', 'the result did not end in time')
  if (traces.fault !== undefined) return failed(traces.fault.failure, traces.fault.detail, report?.exitCode)
  if (report === undefined) return unreported(traces)
  if (report.exitCode !== 0) return unsuccessful(report)
  if (traces.status !== 0 || traces.lost !== undefined || traces.tree === undefined) {
    return failed('output-invalid', 'an entry of /out could not be read', report.exitCode)
  }
  return { kind: 'ok', tree: traces.tree }
}

/** A job can kill the supervisor but not PID 1, which then says so; if PID 1 fell silent it was not the job. */
function unreported({ lost, status }: RunTraces): RunVerdict {
  if (lost !== undefined) return failed('exit-nonzero', 'the job killed its supervisor', lost)
  return {
    kind: 'failed',
    failure: 'engine-fault',
    blame: 'provider',
    detail: `the container ended with status ${status} before its job did`,
  }
}

function unsuccessful({ exitCode, missing, processRefusals, diskFull }: StubReport): RunVerdict {
  if (missing) return failed('command-invalid', 'the program is not on the PATH of the image', exitCode)
  // What a shell and the stub alike answer for "found but not executable" and "not found".
  if (exitCode === 126 || exitCode === 127) {
    return failed('command-invalid', `status ${exitCode}: a program is missing or cannot be executed`, exitCode)
  }
  if ((processRefusals ?? 0) > 0) return failed('pids-limit', 'a process could not be started', exitCode)
  if (diskFull) return failed('disk-limit', '/out or /tmp was full at the end', exitCode)
  return failed('exit-nonzero', `the job ended with status ${exitCode}`, exitCode)
}

/** A job's own faults are its author's: the same would happen anywhere. */
const failed = (failure: SandboxFailureKind, detail: string, exitCode?: number): RunVerdict => ({
  kind: 'failed',
  failure,
  blame: 'client',
  ...(exitCode === undefined ? {} : { exitCode }),
  detail,
})
