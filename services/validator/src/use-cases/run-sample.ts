/** One shard run twice, the second time under other conditions, and what that says about its program. */
import { createReadStream } from 'node:fs'
import {
  compareResults,
  createSandboxTask,
  explainFailure,
  failedRunRoot,
  gateConditions,
  gradeResults,
  type Difference,
  type GateRun,
  type SandboxConditions,
  type SandboxFailure,
  type SandboxOutcome,
  type SandboxSuccess,
} from '@assay/core'
import {
  after,
  durationMs,
  GateDifference,
  limits,
  MarketError,
  shardInputs,
  toMarketError,
  type GateAnswer,
  type GateCondition,
  type JobSpec,
  type OrderId,
  type PublicKey,
} from '@assay/protocol'
import type { ValidatorContext } from '../context.ts'
import { validatorLimits } from '../limits.ts'
import { withDeadline } from '../with-deadline.ts'
import { fetchInputs } from './rerun-shard.ts'

export interface Sample {
  readonly orderId: OrderId
  readonly spec: JobSpec
  readonly shard: number
  /** Who holds the inputs. */
  readonly source: PublicKey
  /** Differs between members of a quorum, so that together they vary more than each alone. */
  readonly variant: number
}
export type SampleFinding = Pick<GateAnswer, 'grade' | 'resultRoot' | 'conditions' | 'differences'>

/** Runs the sample. An engine that fails, or inputs that cannot be had, is no finding. Throws `certify-refused`. */
export async function runSample(context: ValidatorContext, sample: Sample): Promise<SampleFinding> {
  const { blobs, clock, closing, sandbox } = context
  const { orderId, shard, source, spec } = sample
  const owner = `certify/${orderId}`
  const deadline = after(clock.now(), validatorLimits.gateRequestMs)
  try {
    return await withDeadline({ clock, signal: closing }, deadline, late, async (signal) => {
      await sandbox.ensureImage(spec.image, signal)
      await fetchInputs(context, shardInputs(spec, shard), { source, owner }, signal)
      return compareRuns(context, sample, signal)
    })
  } catch (cause) {
    const { code, details } = toMarketError(cause)
    if (code === 'certify-refused') throw cause
    throw new MarketError('certify-refused', 'the sample could not be run here', {
      blame: 'validator',
      details: { ...details, reason: code },
      cause,
    })
  } finally {
    await blobs.release(owner)
  }
}

async function compareRuns(context: ValidatorContext, sample: Sample, signal: AbortSignal): Promise<SampleFinding> {
  const { clock } = context
  const [paid, other] = conditionsFor(context, sample)
  const conditions = variedBetween(paid, other)
  const startedAt = clock.now()
  const first = await runOnce(context, sample, undefined, signal)
  if (first.kind === 'failed') {
    const detail = plainText(`${first.failure}: ${first.detail}`)
    const difference = { path: '', kind: 'failure', cause: 'unknown', count: 1, detail } as const
    return { grade: 'unverifiable', resultRoot: failedRunRoot, conditions, differences: [toWire(difference)] }
  }
  try {
    const pause = startedAt + validatorLimits.gatePauseMs - clock.now()
    if (pause > 0) await clock.sleep(durationMs(pause), signal)
    const second = await runOnce(context, sample, other, signal)
    const { grade, differences } = await compare({ first, second, paid, other }, signal)
    return { grade, resultRoot: first.resultRoot, conditions, differences: differences.map(toWire) }
  } finally {
    await first.dispose()
  }
}

interface TwoRuns {
  readonly first: SandboxSuccess
  readonly second: SandboxOutcome
  readonly paid: SandboxConditions
  readonly other: SandboxConditions
}

async function compare(
  runs: TwoRuns,
  signal: AbortSignal,
): Promise<{ readonly grade: GateAnswer['grade']; readonly differences: readonly Difference[] }> {
  const { first, second, paid, other } = runs
  if (second.kind === 'failed')
    return { grade: 'unverifiable', differences: [explainFailure(second, { first: paid, second: other })] }
  try {
    if (first.resultRoot === second.resultRoot) return { grade: 'exact', differences: [] }
    const [a, b] = [gateRun(first, paid, signal), gateRun(second, other, signal)]
    const { differences } = await compareResults(a, b)
    const { grade } = await gradeResults(a, b)
    return { grade, differences: differences.slice(0, limits.gateDifferences) }
  } finally {
    await second.dispose()
  }
}

/** `undefined`: exactly as a paid run, so that the root is the one that paid runs come to. */
async function runOnce(
  { blobs, clock, sandbox }: ValidatorContext,
  { orderId, shard, spec }: Sample,
  conditions: SandboxConditions | undefined,
  signal: AbortSignal,
): Promise<SandboxOutcome> {
  const runId = `certify-${orderId.slice(2, 34)}-${conditions === undefined ? 1 : 2}`
  const deadline = after(clock.now(), spec.timeLimitMs * 2)
  const task = await createSandboxTask(spec, shard, { runId, deadline, pathOf: async (root) => blobs.pathOf(root) })
  const outcome = await sandbox.run(conditions === undefined ? task : { ...task, conditions }, signal)
  const isOurs = outcome.kind === 'failed' && (outcome.failure === 'engine-fault' || outcome.failure === 'cancelled')
  if (isOurs) throw engineFailed(outcome)
  return outcome
}

function conditionsFor(
  { facts }: ValidatorContext,
  { spec, variant }: Sample,
): readonly [SandboxConditions, SandboxConditions] {
  const engineCpus = Math.max(1, Math.floor(facts.cpus / 1000))
  const paidCpus = Math.ceil(spec.resources.cpus / 1000)
  return [gateConditions(0, paidCpus, engineCpus), gateConditions(1 + variant, paidCpus, engineCpus)]
}

/** The clock always differs: the second run begins later. */
function variedBetween(a: SandboxConditions, b: SandboxConditions): GateCondition[] {
  const varied: readonly (readonly [GateCondition, boolean])[] = [
    ['clock', true],
    ['cores', a.cpuCount !== b.cpuCount],
    ['host-name', a.hostname !== b.hostname],
    ['input-order', a.inputOrder !== b.inputOrder],
    ['locale', a.locale !== b.locale],
    ['time-zone', a.timeZone !== b.timeZone],
  ]
  return varied.flatMap(([condition, differs]) => (differs ? [condition] : []))
}

const gateRun = ({ manifest, files }: SandboxSuccess, conditions: SandboxConditions, signal: AbortSignal): GateRun => ({
  conditions,
  manifest,
  open(path) {
    const staged = files.get(path)
    if (staged === undefined) throw new MarketError('internal', `the sandbox staged no file for ${path}`)
    return createReadStream(staged, { highWaterMark: readBytes, signal })
  },
})

/** Within the bounds of the wire: what a job printed can be longer. */
function toWire(difference: Difference): GateDifference {
  const { detail } = difference
  return GateDifference.parse({
    ...difference,
    ...(detail !== undefined && { detail: plainText(detail).slice(0, detailChars) }),
  })
}

/** Control characters of a job's own output would act on a terminal. */
const plainText = (text: string): string => text.replaceAll(/[^\P{C}\n\t]/gu, '')

/** One read: what the disk gives at once. */
const readBytes = 1024 * 1024
const detailChars = 1000

const late = (): MarketError => refuseSample('too-late')
const engineFailed = ({ failure }: SandboxFailure): MarketError => refuseSample('engine-failed', { failure })

const refuseSample = (reason: string, details: Readonly<Record<string, string>> = {}): MarketError =>
  new MarketError('certify-refused', `the sample could not be run here: ${reason}`, {
    blame: 'validator',
    details: { reason, ...details },
  })
