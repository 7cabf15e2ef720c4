/** One run, from task to outcome. */
import type { SandboxConditions, SandboxObserver, SandboxOutcome, SandboxTask } from '@assay/core'
import { deriveResultRoot, durationMs, isMarketError, type DurationMs, type UnixMs } from '@assay/protocol'
import { classifyRun, type RunVerdict } from './classify-run.ts'
import type { OutputTree } from './collect-tree.ts'
import { containerName } from './container-name.ts'
import { removeContainer } from './container.ts'
import { engineRefusal } from './engine-error.ts'
import { requireImage, type LocalImage } from './image.ts'
import { fixedConditions } from './job-environment.ts'
import { limits } from './limits.ts'
import { prepareContainer } from './prepare-container.ts'
import { reconcileContainers } from './reconcile.ts'
import type { RunContext } from './run-context.ts'
import { stageInputs } from './stage-inputs.ts'
import type { RunStaging } from './staging.ts'
import { supervise } from './supervise.ts'
import { taskFault } from './task-fault.ts'
import { createTextTail, type TextTail } from './text-tail.ts'

/** Never throws for what a job does; throws `docker-unavailable` and `docker-permission`. */
export async function runTask(
  context: RunContext,
  task: SandboxTask,
  signal: AbortSignal,
  observer: SandboxObserver = {},
): Promise<SandboxOutcome> {
  const stderr = createTextTail(limits.stderrTailBytes)
  const fail = (verdict: Failed, ran = durationMs(0)): SandboxOutcome => ({
    ...verdict,
    durationMs: ran,
    stderrTail: stderr.text(),
  })
  const fault = taskFault(task, context.facts)
  if (fault !== undefined) return fail(fault)
  const name = containerName({ runnerId: context.runnerId, runId: task.runId })
  // Before it waits for a core: a second start must fail, not run once the first is over.
  if (context.live.has(name)) return fail(engineFault(`a run with this id is under way: ${name}`))
  context.live.add(name)
  try {
    const conditions = task.conditions ?? { ...fixedConditions, cpuCount: Math.ceil(task.limits.cpus / 1000) }
    if (context.quarantine.size >= limits.quarantined) await reconcileContainers(context, signal)
    if (context.quarantine.size >= limits.quarantined) {
      return fail(engineFault('the engine does not remove containers any more: restart it'))
    }
    using slot = await context.slots.acquire(conditions.cpuCount, signal)
    const image = await requireImage(context.engine, task.image, context.facts, signal)
    const run = { task, image, conditions, cpuset: slot.cpuset, observer, stderr }
    const staging = await context.staging.openRun()
    let kept = false
    try {
      const { verdict, ran } = await runStaged(context, run, staging, signal)
      if (verdict.kind === 'failed') return fail(verdict, ran)
      kept = true
      return succeed(verdict.tree, staging, ran, stderr)
    } finally {
      await (kept ? staging.dropInputs() : staging.drop())
    }
  } catch (error) {
    return fail(faultVerdict(error, signal))
  } finally {
    context.live.delete(name)
  }
}

interface Run {
  readonly task: SandboxTask
  readonly image: LocalImage
  readonly conditions: SandboxConditions
  readonly cpuset: string
  readonly observer: SandboxObserver
  readonly stderr: TextTail
}
type Failed = Extract<RunVerdict, { readonly kind: 'failed' }>
interface Ended {
  readonly verdict: RunVerdict
  readonly ran: DurationMs
}

async function runStaged(context: RunContext, run: Run, staging: RunStaging, signal: AbortSignal): Promise<Ended> {
  const { task, conditions, stderr, observer } = run
  const fault = await stageInputs(staging.inputs, task.inputs, conditions.inputOrder, signal)
  if (fault !== undefined) {
    const failure = fault.blame === 'client' ? 'command-invalid' : 'engine-fault'
    return { verdict: { kind: 'failed', failure, ...fault }, ran: durationMs(0) }
  }
  const { container, marker } = await prepareContainer(context, { ...run, inputs: staging.inputs })
  try {
    const options = {
      marker,
      captureStdout: task.captureStdout,
      stdoutBytes: task.limits.stdoutBytes,
      outputBytes: task.limits.outputBytes,
      directory: staging.outputs,
      timeMs: task.limits.timeMs,
      onStarted: (at: UnixMs) => observer.started?.(at),
      onLog: (bytes: Uint8Array) => {
        stderr.add(bytes)
        observer.log?.(bytes)
      },
    }
    const { traces, durationMs: ran } = await supervise(context, container, options, signal)
    return { verdict: classifyRun(traces), ran }
  } finally {
    await removeContainer(context.engine, container.id, context.quarantine)
  }
}

function succeed(tree: OutputTree, staging: RunStaging, ran: DurationMs, stderr: TextTail): SandboxOutcome {
  return {
    kind: 'ok',
    manifest: tree.manifest,
    resultRoot: deriveResultRoot(tree.manifest),
    files: tree.files,
    durationMs: ran,
    stderrTail: stderr.text(),
    dispose: staging.drop,
  }
}

/** What stopped a run before its container could be judged. Throws an engine that cannot be reached. */
function faultVerdict(error: unknown, signal: AbortSignal): Failed {
  if (signal.aborted)
    return { kind: 'failed', failure: 'cancelled', blame: 'client', detail: 'the caller cancelled the run' }
  if (isMarketError(error)) {
    if (error.code === 'docker-unavailable' || error.code === 'docker-permission') throw error
    return engineFault(`${error.code}: ${error.message}`)
  }
  const message = engineRefusal(error)?.message ?? (error instanceof Error ? error.message : 'unknown failure')
  return engineFault(message.slice(0, limits.detailChars))
}

const engineFault = (detail: string): Failed => ({ kind: 'failed', failure: 'engine-fault', blame: 'provider', detail })
