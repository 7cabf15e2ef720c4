import { createSandboxTask } from '@assay/core'
import { systemClock } from '@assay/node-kit'
import {
  hashBlob,
  MarketError,
  shardInputs,
  unixMs,
  type BlobRoot,
  type JobSpec,
  type ResultRoot,
} from '@assay/protocol'
import { openSandbox } from '@assay/runner'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Io } from './io.ts'

export interface Replay {
  readonly spec: JobSpec
  readonly shard: number
  /** Folder that holds the inputs of the shard, under whatever names. */
  readonly folder: string | undefined
}

/**
 * Runs a shard once more in the local Docker under the conditions of every paid run, and gives the root of what came out;
 * the failure's name when the job itself fails. Throws `input-missing`, `docker-unavailable`, `engine-fault`.
 */
export async function replayShard(
  io: Io,
  { spec, shard, folder }: Replay,
): Promise<{ readonly root: ResultRoot } | { readonly failure: string; readonly detail: string }> {
  const dir = await mkdtemp(join(tmpdir(), 'assay-replay-'))
  try {
    await using sandbox = await openSandbox(
      { clock: systemClock },
      { runnerId: `replay-${process.pid}`, stagingDir: join(dir, 'staging') },
      io.signal,
    )
    await sandbox.ensureImage(spec.image, io.signal)
    const files = await findInputs(
      shardInputs(spec, shard).map((input) => input.root),
      folder,
    )
    const pathOf = async (root: BlobRoot): Promise<string> => files.get(root)!
    const deadline = unixMs(systemClock.now() + spec.timeLimitMs * 2)
    const outcome = await sandbox.run(
      await createSandboxTask(spec, shard, { runId: `replay-${process.pid}`, deadline, pathOf }),
      io.signal,
    )
    if (outcome.kind === 'failed') return { failure: outcome.failure, detail: outcome.detail }
    await outcome.dispose()
    return { root: outcome.resultRoot }
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

/** Files of a folder by content: the job's inputs are found by what they hold, whatever they are called. */
export async function findInputs(
  roots: readonly BlobRoot[],
  folder: string | undefined,
): Promise<ReadonlyMap<BlobRoot, string>> {
  const found = new Map<BlobRoot, string>()
  if (folder !== undefined)
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue
      const path = join(entry.parentPath, entry.name)
      found.set((await hashBlob(await readFile(path))).root, path)
    }
  const missing = roots.find((root) => !found.has(root))
  if (missing !== undefined)
    throw new MarketError('input-missing', 'the inputs of the shard are needed: name their folder with --input', {
      details: { root: missing },
    })
  return found
}
