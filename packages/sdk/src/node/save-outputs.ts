/** Results into a folder: nothing gets its final name before the receipt of the job was verified. */
import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isMarketError, MarketError } from '@assay/protocol'
import { hasCode } from '../faults.ts'
import type { Job } from '../job.ts'
import type { JobReceipt } from '../receipt.ts'
import type { ShardOutput } from '../shard-output.ts'
import { fileFault } from './file-faults.ts'
import { checkPlaces, putInPlace } from './output-places.ts'
import { writeTree, type StagedTree } from './write-tree.ts'

export interface SaveOptions {
  /** Replaces what a former call, or anybody else, left under the same names; by default that is refused before anything is read. */
  readonly replace?: boolean
  /** Also resolves when some shards have no result; by default that throws `job-incomplete` after saving the others. */
  readonly allowPartial?: boolean
  /** Called when a result was downloaded and checked; its place it takes at the end. */
  readonly onStaged?: (output: ShardOutput) => void
  /** Called when a shard is in its place. */
  readonly onSaved?: (output: ShardOutput) => void
  readonly signal?: AbortSignal
}
export interface SavedOutputs {
  /** Names of the shards that were saved. */
  readonly saved: readonly string[]
  /** Names of the shards without a result that was paid for. */
  readonly missing: readonly string[]
  /** Bytes of all files saved. */
  readonly bytes: number
}

/**
 * Downloads results as they are accepted, waits for the end of the job, verifies its receipt, and puts in place what the
 * receipt proves: `<dir>/<shard name>/…` is exactly the shard's `/out`, and `<dir>/<shard name>.stdout` beside it its standard
 * output, if any was captured. In class DX, which has no receipt, it is everything that was delivered and opens, before it is accepted. A result that is overturned on the way leaves no trace, and nothing is ever written outside
 * `dir`. Throws `config-invalid` when a name is taken or `dir` cannot be used, `storage-full`, `result-invalid`,
 * `blob-mismatch`, `job-incomplete`, and what `Job.results` and `Job.receipt` throw.
 */
export async function saveOutputs(job: Job, dir: string, options: SaveOptions = {}): Promise<SavedOutputs> {
  await checkPlaces(job.shardNames, dir, options.replace === true)
  const saved: string[] = []
  let bytes = 0
  await inStaging(dir, async (root, staging) => {
    const staged = await stageResults(job, staging, options)
    // Class DX has no receipt: the client looks at what was delivered before it says what it pays for.
    const judged = job.terms.quorumId !== 0
    const due = judged
      ? paidAttempts(await proveUnlessEmpty(job, options))
      : [...staged.values()].map(({ output }) => output)
    for (const { shard, attempt } of due) {
      const { output, tree } =
        staged.get(keyOf(shard, attempt)) ?? (await stagePaid(job, { shard, attempt }, staging, options))
      await putInPlace(root, output.name, tree, options.replace === true)
      saved.push(output.name)
      bytes += tree.bytes
      options.onSaved?.(output)
    }
  })
  const missing = job.shardNames.filter((name) => !saved.includes(name))
  if (missing.length > 0 && options.allowPartial !== true) {
    throw new MarketError('job-incomplete', `${missing.length} of ${job.shardNames.length} shards have no result`, {
      details: { orderId: job.id, saved: saved.length, missing: missing.slice(0, 20).join(', ') },
    })
  }
  return { saved, missing, bytes }
}

interface Staged {
  readonly output: ShardOutput
  readonly tree: StagedTree
}

const keyOf = (shard: number, attempt: number): string => `${shard}-${attempt}`

/** Everything that was accepted at some time, by shard and attempt. */
async function stageResults(job: Job, staging: string, options: SaveOptions): Promise<ReadonlyMap<string, Staged>> {
  const staged = new Map<string, Staged>()
  for await (const output of job.results(options.signal)) {
    try {
      staged.set(keyOf(output.shard, output.attempt), await stage(output, staging, options))
    } catch (error) {
      // It may yet be overturned. If it is paid for, it is read once more, and this is thrown then.
      if (!hasCode(error, 'result-invalid')) throw error
    }
  }
  return staged
}

async function stage(output: ShardOutput, staging: string, { signal, onStaged }: SaveOptions): Promise<Staged> {
  const folder = join(staging, keyOf(output.shard, output.attempt))
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder)
  const tree = await writeTree(output, folder, signal)
  onStaged?.(output)
  return { output, tree }
}

async function stagePaid(
  job: Job,
  { shard, attempt }: { readonly shard: number; readonly attempt: number },
  staging: string,
  options: SaveOptions,
): Promise<Staged> {
  const output = await job.result(shard, options.signal)
  if (output.attempt === attempt) return stage(output, staging, options)
  throw new MarketError('result-invalid', 'the aggregator shows another attempt than the one that was paid for', {
    details: { shard, attempt, shown: output.attempt },
    blame: 'aggregator',
  })
}

/** The receipt; none when nothing was settled and the caller can do with less than everything. */
async function proveUnlessEmpty(job: Job, { signal, allowPartial }: SaveOptions): Promise<JobReceipt | undefined> {
  try {
    return await job.receipt({ openings: 'known', ...(signal !== undefined && { signal }) })
  } catch (error) {
    if (allowPartial === true && hasCode(error, 'job-incomplete')) return undefined
    throw error
  }
}

const paidAttempts = (
  receipt: JobReceipt | undefined,
): readonly { readonly shard: number; readonly attempt: number }[] =>
  (receipt?.report.job?.shards ?? []).flatMap(({ accepted }) => accepted?.commit ?? [])

/** Stages inside `dir`, so that the last step is a rename on one file system. What is left in staging is deleted. */
async function inStaging(dir: string, run: (root: string, staging: string) => Promise<void>): Promise<void> {
  let staging: string | undefined
  try {
    const root = await realpath(dir)
    staging = await mkdtemp(join(root, '.assay-'))
    await run(root, staging)
  } catch (cause) {
    // Only the calls of this file and of `writeTree` fail without a type of ours.
    if (isMarketError(cause)) throw cause
    throw fileFault('config-invalid', 'the results cannot be saved', dir, cause)
  } finally {
    if (staging !== undefined) await rm(staging, { recursive: true, force: true })
  }
}
