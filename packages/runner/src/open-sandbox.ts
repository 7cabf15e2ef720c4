/** The Docker sandbox: the `Sandbox` port on a local engine. */
import type { Clock, Sandbox } from '@assay/core'
import { ensureImage } from './image.ts'
import { createEngine, type EngineOptions } from './engine.ts'
import { createCoreSlots } from './core-slots.ts'
import { probeEngine } from './probe.ts'
import { reconcileContainers } from './reconcile.ts'
import type { RunContext } from './run-context.ts'
import { runTask } from './run-task.ts'
import { openStaging } from './staging.ts'
import { findStubBinary } from './stub-binary.ts'

export interface SandboxDeps {
  readonly clock: Clock
  /** How to reach the engine; default: `DOCKER_HOST`, else the usual socket. It must see this host's files. */
  readonly engine?: EngineOptions
}
export interface SandboxOptions {
  /** Names this runner to the engine. Two processes may share it; each sweeps only after dead ones. */
  readonly runnerId: string
  /** Private folder for inputs and results; made when absent, readable by this user only, swept at open. */
  readonly stagingDir: string
  /** Static busybox; default: `$ASSAY_BUSYBOX`, else the usual places. */
  readonly stubPath?: string
  /** Runs at once; default and most useful maximum: the engine's cores, since each run has its cores to itself. */
  readonly maxConcurrent?: number
  /** OCI runtime by the engine's name for it, such as `runsc`; default: the engine's default. */
  readonly runtime?: string
}

let opened = 0

/**
 * Connects, sweeps the staging folder, removes what dead owners left on the engine.
 * Throws `docker-unavailable`, `docker-permission`, `config-invalid` (no static busybox).
 * Closing cancels every run, waits for it and deletes all staged files, results included.
 */
export async function openSandbox(deps: SandboxDeps, options: SandboxOptions, signal?: AbortSignal): Promise<Sandbox> {
  const opening = signal ?? new AbortController().signal
  const engine = createEngine(deps, deps.engine)
  const stubPath = await findStubBinary(options.stubPath)
  const facts = await probeEngine(engine, opening)
  const cores = Math.max(1, Math.floor(facts.cpus / 1000))
  const staging = await openStaging(options.stagingDir)
  const context: RunContext = {
    clock: deps.clock,
    engine,
    facts,
    staging,
    stubPath,
    slots: createCoreSlots({
      cores,
      maxConcurrent: options.maxConcurrent ?? cores,
      firstCore: (process.pid + (opened += 1)) % cores,
    }),
    quarantine: new Set(),
    live: new Set(),
    runnerId: options.runnerId,
    ...(options.runtime === undefined ? {} : { runtime: options.runtime }),
  }
  const closing = new AbortController()
  const runs = new Set<Promise<unknown>>()
  try {
    await reconcileContainers(context, opening)
  } catch (error) {
    await staging[Symbol.asyncDispose]()
    throw error
  }
  return {
    probe: async (stop) => probeEngine(engine, stop),
    async ensureImage(image, stop) {
      await ensureImage(engine, image, facts, stop)
    },
    async run(task, stop, observer) {
      const run = runTask(context, task, AbortSignal.any([stop, closing.signal]), observer)
      runs.add(run)
      return run.finally(() => runs.delete(run))
    },
    reconcile: async (stop) => reconcileContainers(context, stop),
    async [Symbol.asyncDispose]() {
      closing.abort(new Error('the sandbox is closing'))
      await Promise.allSettled(runs)
      await staging[Symbol.asyncDispose]()
    },
  }
}
