/** The determinism gate on this machine: the same shard again under other conditions, results side by side. */
import {
  compareResults,
  compareTrees,
  createSandboxTask,
  explainFailure,
  gateConditions,
  gradeResults,
  proposeFix,
  worstGrade,
  type Difference,
  type FileGrade,
  type GateRun,
  type ResultGrade,
  type ResultTree,
  type Sandbox,
  type SandboxConditions,
  type SandboxFailure,
  type SandboxSuccess,
} from '@assay/core'
import { systemClock } from '@assay/node-kit'
import { durationMs, type DeterminismGrade, limits as wire, MarketError, unixMs, type UnixMs } from '@assay/protocol'
import { openSandbox } from '@assay/runner'
import type { MapOptions } from '@assay/sdk'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openCheckFolder } from './check-folder.ts'
import { listShards, stageCheck, type StagedCheck } from './check-inputs.ts'

export interface CheckOptions {
  /** The first so many; `undefined`: all. */
  readonly shards: number | undefined
  /** Runs of each shard, at least 2. */
  readonly runs: number
  /** A line about what happens now. */
  readonly onStep: (text: string) => void
}
export interface CheckReport {
  readonly reproducible: boolean
  /** The worst of the shards. */
  readonly grade: DeterminismGrade
  /** What the grade means for the job, in words. */
  readonly proposal: string
  readonly shards: readonly ShardCheck[]
  /** The job has more shards than were checked. */
  readonly more: boolean
  /** Conditions of each run; the clock differs as well, by more than a second. */
  readonly conditions: readonly SandboxConditions[]
  /** What differed between the runs. */
  readonly varied: readonly string[]
  /** What this machine cannot vary. The clock only moves on: a container cannot have a real-time clock of its own. */
  readonly notVaried: readonly ('cores' | 'directory order' | 'processor' | 'date')[]
}
export interface ShardCheck {
  readonly name: string
  readonly same: boolean
  readonly grade: DeterminismGrade
  /** How far apart differing files are, at the worst run. */
  readonly files: readonly FileGrade[]
  /** Between run 1 and the run that each names; what an earlier run showed is not told again. */
  readonly differences: readonly (Difference & { readonly run: number })[]
  /** Differences beyond what can be read. */
  readonly omitted: number
}

/**
 * Runs the shards of a job and compares. Throws what a job's own failure is called (`attempt-exit-nonzero` and the like,
 * with the end of standard error), `docker-unavailable`, `docker-permission`, `image-unknown`, `image-refused`,
 * `input-missing`, `spec-invalid`, `storage-full`, `cancelled`. Leaves nothing behind.
 */
export async function checkShards(job: MapOptions, options: CheckOptions, signal: AbortSignal): Promise<CheckReport> {
  const listed = await listShards(job, options.shards ?? wire.shardsPerJob)
  await using folder = await openCheckFolder(listed)
  options.onStep('reading inputs')
  const staged = await stageCheck(job, listed, folder.path, signal)
  const runnerId = `check-${process.pid}`
  await using sandbox = await openSandbox(
    { clock: systemClock },
    { runnerId, stagingDir: join(folder.path, 'runs') },
    signal,
  )
  await sandbox.ensureImage(staged.spec.image, signal)
  const engineCpus = Math.max(1, Math.floor((await sandbox.probe(signal)).cpus / 1000))
  const paidCpus = Math.ceil(staged.spec.resources.cpus / 1000)
  const conditions = Array.from({ length: options.runs }, (_, run) => gateConditions(run, paidCpus, engineCpus))
  const check = { sandbox, staged, conditions, signal }
  const shards: ShardCheck[] = []
  for (const [index, { name }] of staged.spec.shards.entries()) {
    const where = `checking ${name} (${index + 1} of ${staged.spec.shards.length})`
    shards.push(await checkShard(check, index, (run) => options.onStep(`${where}, run ${run + 1} of ${options.runs}`)))
  }
  const grade = worstGrade(shards.map((shard) => shard.grade))
  const hasCores = conditions.some(({ cpuCount }) => cpuCount !== paidCpus)
  return {
    grade,
    proposal: proposeFix({ grade, files: shards.flatMap(({ files }) => files) }),
    varied: [
      'host name',
      'locale',
      'time zone',
      'clock (seconds)',
      ...(hasCores ? ['cores'] : []),
      ...(folder.keepsOrder ? ['directory order'] : []),
    ],
    reproducible: shards.every(({ same }) => same),
    shards,
    more: listed.more,
    conditions,
    notVaried: [
      ...(hasCores ? [] : (['cores'] as const)),
      ...(folder.keepsOrder ? [] : (['directory order'] as const)),
      'date',
      'processor',
    ],
  }
}

interface Check {
  readonly sandbox: Sandbox
  readonly staged: StagedCheck
  readonly conditions: readonly SandboxConditions[]
  readonly signal: AbortSignal
}

async function checkShard(check: Check, shard: number, onRun: (run: number) => void): Promise<ShardCheck> {
  const name = check.staged.spec.shards[shard]?.name ?? String(shard)
  onRun(0)
  const first = await runShard(check, shard, 0)
  if (first.outcome.kind === 'failed') throw attemptError(first.outcome, name)
  const reference = first.outcome
  const differences: (Difference & { readonly run: number })[] = []
  let omitted = 0
  let worst: ResultGrade = { grade: 'exact', files: [] }
  try {
    for (let run = 1; run < check.conditions.length; run++) {
      await pauseUntil(first.startedAt + clockStepMs, check.signal)
      onRun(run)
      const found = await compareRun(check, { shard, run, name, reference })
      const told = new Set(differences.map(keyOf))
      differences.push(
        ...found.differences.filter((one) => !told.has(keyOf(one))).map((one) => ({ ...one, run: run + 1 })),
      )
      omitted += found.omitted
      if (worstGrade([worst.grade, found.grade.grade]) !== worst.grade) worst = found.grade
    }
  } finally {
    await reference.dispose()
  }
  return { name, same: differences.length === 0 && omitted === 0, ...worst, differences, omitted }
}

const keyOf = ({ path, kind, cause }: Difference): string => JSON.stringify([path, kind, cause])

interface Again {
  readonly shard: number
  readonly run: number
  readonly name: string
  readonly reference: SandboxSuccess
}

/** A later run against the first. A job that fails only under other conditions is not reproducible: no error. */
async function compareRun(check: Check, { shard, run, name, reference }: Again) {
  const { outcome } = await runShard(check, shard, run)
  if (outcome.kind === 'failed') {
    if (outcome.failure === 'cancelled' || outcome.failure === 'engine-fault') throw attemptError(outcome, name)
    const pair = { first: conditionsOf(check, 0), second: conditionsOf(check, run) }
    return {
      differences: [explainFailure({ ...outcome, stderrTail: plainText(outcome.stderrTail) }, pair)],
      omitted: 0,
      grade: { grade: 'unverifiable', files: [] } satisfies ResultGrade,
    }
  }
  try {
    const exact: ResultGrade = { grade: 'exact', files: [] }
    if (outcome.resultRoot === reference.resultRoot) return { differences: [], omitted: 0, grade: exact }
    const [first, second] = [gateRun(check, 0, reference), gateRun(check, run, outcome)]
    const grade = await gradeResults(first, second)
    if (await agree(check, reference, outcome)) return { differences: [], omitted: 0, grade: tolerated(grade) }
    return { ...(await compareResults(first, second)), grade }
  } finally {
    await outcome.dispose()
  }
}

/** What the job's own tolerance allows is within tolerance, also where the gate, which knows no limits of jobs, says less. */
const tolerated = (found: ResultGrade): ResultGrade =>
  found.grade === 'unverifiable' ? { ...found, grade: 'within-tolerance' } : found

/** Whether two results of a job of class D3 are within its tolerance, as its validators would find. */
async function agree({ staged }: Check, first: SandboxSuccess, second: SandboxSuccess): Promise<boolean> {
  const { tolerance } = staged.spec
  if (tolerance === undefined) return false
  return (await compareTrees(treeOf(first), treeOf(second), tolerance)).equal
}

function treeOf({ manifest, files }: SandboxSuccess): ResultTree {
  const paths = new Map(
    manifest.entries.flatMap((entry) =>
      entry.kind === 'directory' ? [] : [[entry.root, files.get(entry.kind === 'file' ? entry.path : '')] as const],
    ),
  )
  return {
    manifest,
    async read(root) {
      const path = paths.get(root)
      if (path === undefined) throw new MarketError('internal', `the sandbox staged no file for ${root}`)
      return readFile(path)
    },
  }
}

async function runShard(check: Check, shard: number, run: number) {
  const { sandbox, staged, signal } = check
  const { spec, pathOf } = staged
  const runId = `shard ${shard} run ${run}`
  const deadline = unixMs(systemClock.now() + spec.timeLimitMs * 2)
  const task = await createSandboxTask(spec, shard, { runId, deadline, pathOf })
  const own = conditionsOf(check, run)
  let startedAt: UnixMs = systemClock.now()
  const outcome = await sandbox.run({ ...task, conditions: own }, signal, {
    started: (at) => {
      startedAt = at
    },
  })
  return { outcome, startedAt }
}

function gateRun(check: Check, run: number, { manifest, files }: SandboxSuccess): GateRun {
  return {
    conditions: conditionsOf(check, run),
    manifest,
    open(path) {
      const staged = files.get(path)
      if (staged === undefined) throw new MarketError('internal', `the sandbox staged no file for ${path}`)
      return createReadStream(staged, { highWaterMark: readBytes, signal: check.signal })
    },
  }
}

function conditionsOf({ conditions }: Check, run: number): SandboxConditions {
  const found = conditions[run]
  if (found === undefined) throw new MarketError('internal', `there is no run ${run}`)
  return found
}

/** Control characters of a job's own output would act on the terminal. */
const plainText = (text: string): string => text.replaceAll(/[^\P{C}\n\t]/gu, '')

/** So that clocks that show whole seconds differ. */
const clockStepMs = 1100
/** One read: what the disk gives at once. */
const readBytes = 1024 * 1024
/** End of standard error in an error: a stack trace, and within what an error may carry. */
const stderrChars = 1500

async function pauseUntil(at: number, signal: AbortSignal): Promise<void> {
  const left = at - systemClock.now()
  if (left > 0) await systemClock.sleep(durationMs(left), signal)
}

/** What the same failure is called on the market. */
function attemptError(outcome: SandboxFailure, shard: string): MarketError {
  const { failure, blame, detail, exitCode } = outcome
  if (failure === 'cancelled') return new MarketError('cancelled', 'stopped before the check was done')
  const stderr = plainText(outcome.stderrTail).trim().slice(-stderrChars)
  return new MarketError(`attempt-${failure}` as const, `shard ${shard} failed: ${detail}`, {
    blame,
    details: { shard, ...(exitCode !== undefined && { exitCode }), ...(stderr !== '' && { stderr }) },
  })
}
