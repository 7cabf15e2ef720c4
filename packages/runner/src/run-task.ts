/** One run, from task to outcome. The parts that differ between a cold and a parked container are `prepare` only. */
import type { Clock, SandboxConditions, SandboxFacts, SandboxObserver, SandboxOutcome, SandboxTask } from '@assay/core'
import { deriveResultRoot, durationMs, isMarketError, type DurationMs, type UnixMs } from '@assay/protocol'
import { classifyRun, type RunVerdict } from './classify-run.ts'
import type { OutputTree } from './collect-tree.ts'
import { createContainerConfig } from './container-config.ts'
import { containerName } from './container-name.ts'
import { createContainer, removeContainer, type JobContainer, type Quarantine } from './container.ts'
import type { CoreSlots } from './core-slots.ts'
import { engineRefusal } from './engine-error.ts'
import type { Engine } from './engine.ts'
import { requireImage, type LocalImage } from './image.ts'
import { createEnvironment, fixedConditions } from './job-environment.ts'
import { limits } from './limits.ts'
import { reconcileContainers } from './reconcile.ts'
import { stageInputs } from './stage-inputs.ts'
import type { RunStaging, Staging } from './staging.ts'
import { createStub, type Stub } from './stub-script.ts'
import { supervise } from './supervise.ts'
import { taskFault } from './task-fault.ts'
import { createTextTail, type TextTail } from './text-tail.ts'

/** What every run of one sandbox shares. */
export interface RunContext {
  readonly clock: Clock
  readonly engine: Engine
  readonly facts: SandboxFacts
  readonly slots: CoreSlots
  readonly staging: Staging
  readonly quarantine: Quarantine
  /** Names of containers that belong to a call that has not returned. */
  readonly live: Set<string>
  readonly runnerId: string
  readonly stubPath: string
  readonly runtime?: string
}

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
  try {
    const fault = taskFault(task, context.facts)
    if (fault !== undefined) return fail(fault)
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
  const name = containerName({ runnerId: context.runnerId, runId: task.runId })
  if (context.live.has(name)) {
    return { verdict: engineFault(`a run with this id is under way: ${name}`), ran: durationMs(0) }
  }
  context.live.add(name)
  try {
    const { container, stub } = await prepare(context, run, staging)
    try {
      const options = {
        marker: stub.marker,
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
  } finally {
    context.live.delete(name)
  }
}

/** A container that is ready to start. Parked ones will come from here as well. */
async function prepare(
  context: RunContext,
  { task, image, conditions, cpuset }: Run,
  staging: RunStaging,
): Promise<{ readonly container: JobContainer; readonly stub: Stub }> {
  const { architecture } = context.facts
  const environment = createEnvironment({ image: image.environment, task: task.env, conditions, architecture })
  const stub = createStub({ command: task.command, environment })
  const { runnerId, staging: home, stubPath, runtime } = context
  const config = createContainerConfig({
    identity: { runnerId, owner: home.owner, runId: task.runId, deadline: task.deadline },
    imageId: image.id,
    words: stub.words,
    limits: task.limits,
    conditions,
    cpuset,
    stubPath,
    inputs: staging.inputs,
    architecture,
    ...(runtime === undefined ? {} : { runtime }),
  })
  return { container: await createContainer(context.engine, config), stub }
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
