/** Results into a folder: nothing appears under its final name before it was verified. */
import { lstat, mkdir, mkdtemp, realpath, rename, rm } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
import { isMarketError, MarketError } from '@assay/protocol'
import type { Job } from '../job.ts'
import type { ShardOutput } from '../shard-output.ts'
import { fileFault, systemCode } from './file-faults.ts'
import { placeOf, writeTree, type StagedTree } from './write-tree.ts'

export interface SaveOptions {
  /** Replaces what a former call, or anybody else, left under the same names; by default that is refused before anything is read. */
  readonly replace?: boolean
  /** Also resolves when some shards have no result; by default that throws `job-incomplete` after saving the others. */
  readonly allowPartial?: boolean
  /** Called when a shard is in its place. */
  readonly onSaved?: (output: ShardOutput) => void
  readonly signal?: AbortSignal
}
export interface SavedOutputs {
  /** Names of the shards that were saved, in the order of saving. */
  readonly saved: readonly string[]
  /** Names of the shards without an accepted result. */
  readonly missing: readonly string[]
  /** Bytes of all files written. */
  readonly bytes: number
}

/**
 * Saves every accepted shard as soon as it is accepted, until the job is closed: `<dir>/<shard name>/…` is exactly the
 * shard's `/out`, and `<dir>/<shard name>.stdout` beside it its standard output, if any was captured. Nothing is ever
 * written outside `dir`. Throws `config-invalid` when a name is taken or `dir` cannot be used, `storage-full`,
 * `result-invalid`, `blob-mismatch`, `job-incomplete`, and what `Job.results` throws.
 */
export async function saveOutputs(job: Job, dir: string, options: SaveOptions = {}): Promise<SavedOutputs> {
  await prepare(job, dir, options)
  const root = await realpath(dir)
  const saved: string[] = []
  let bytes = 0
  for await (const output of job.results(options.signal)) {
    bytes += await saveOne(root, output, options)
    saved.push(output.name)
    options.onSaved?.(output)
  }
  const missing = job.shardNames.filter((name) => !saved.includes(name))
  if (missing.length > 0 && options.allowPartial !== true) {
    throw new MarketError('job-incomplete', `${missing.length} of ${job.shardNames.length} shards have no result`, {
      details: { orderId: job.id, saved: saved.length, missing: missing.slice(0, 20).join(', ') },
    })
  }
  return { saved, missing, bytes }
}

/** Checks every place that will be written before anything is downloaded. */
async function prepare({ shardNames }: Job, dir: string, { replace }: SaveOptions): Promise<void> {
  const places = new Map<string, string>()
  for (const name of shardNames) {
    for (const place of [name, `${name}.stdout`]) {
      if (places.has(place)) throw taken(join(dir, place), 'two shards would share it')
      places.set(place, name)
    }
  }
  for (const name of shardNames) {
    for (let at = name.indexOf('/'); at >= 0; at = name.indexOf('/', at + 1)) {
      if (places.has(name.slice(0, at))) throw taken(join(dir, name), 'it lies inside the folder of another shard')
    }
  }
  try {
    await mkdir(dir, { recursive: true })
    if (replace === true) return
    for (const place of places.keys())
      if (await exists(join(dir, place))) throw taken(join(dir, place), 'it exists already')
  } catch (cause) {
    if (isMarketError(cause)) throw cause
    throw fileFault('config-invalid', 'the results cannot be saved', dir, cause)
  }
}

/** Stages beside the final place, so that the last step is a rename on one file system. */
async function saveOne(root: string, output: ShardOutput, { replace, signal }: SaveOptions): Promise<number> {
  let staging: string | undefined
  try {
    staging = await mkdtemp(join(root, '.assay-'))
    const tree = await writeTree(output, staging, signal)
    await putInPlace(root, output.name, tree, replace === true ? staging : undefined)
    return tree.bytes
  } catch (cause) {
    if (isMarketError(cause)) throw cause
    throw fileFault('config-invalid', 'the result cannot be saved', join(root, output.name), cause)
  } finally {
    if (staging !== undefined) await rm(staging, { recursive: true, force: true })
  }
}

/** What is in the way moves to `aside`, when given. */
async function putInPlace(root: string, name: string, tree: StagedTree, aside: string | undefined): Promise<void> {
  const place = placeOf(root, name)
  await mkdir(dirname(place), { recursive: true })
  const parent = await realpath(dirname(place))
  if (parent !== root && !parent.startsWith(root + sep)) throw taken(place, 'a link leads out of the folder')
  if (aside !== undefined) {
    await moveAside(place, join(aside, 'old'))
    await moveAside(`${place}.stdout`, join(aside, 'old.stdout'))
  }
  if (tree.stdout !== undefined) await rename(tree.stdout, `${place}.stdout`)
  await rename(tree.out, place)
}

async function moveAside(place: string, aside: string): Promise<void> {
  await rename(place, aside).catch((error: unknown) => {
    if (systemCode(error) !== 'ENOENT') throw error
  })
}

const exists = async (path: string): Promise<boolean> => {
  try {
    await lstat(path)
    return true
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false
    throw error
  }
}

const taken = (path: string, reason: string): MarketError =>
  new MarketError('config-invalid', `${path} cannot be written: ${reason}`, {
    details: { setting: 'outputs', path, reason },
  })
