/** A private folder for a check, where the order of directory entries can be varied if this machine has such a place. */
import { mkdir, mkdtemp, opendir, rm, statfs, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ListedShards } from './check-inputs.ts'

export interface CheckFolder extends AsyncDisposable {
  readonly path: string
  /** A directory lists its entries in the order in which they were made, so that making them in reverse shows. */
  readonly keepsOrder: boolean
}

/**
 * Prefers memory: ext4 and others list by hash, the same whatever was made first. Falls back to the folder for temporary
 * files when there is no room, or when inputs are programs, which cannot be started from memory everywhere.
 */
export async function openCheckFolder(listed: ListedShards): Promise<CheckFolder> {
  const hasPrograms = [...listed.shared, ...listed.shards.flatMap(({ files }) => files)].some((file) => file.executable)
  const neededBytes = 2 * (listed.inputBytes + listed.resultBytes)
  const inMemory = hasPrograms ? undefined : await openInMemory(neededBytes)
  const path = inMemory ?? (await mkdtemp(join(tmpdir(), `assay-check-${process.pid}-`)))
  const remove = async (): Promise<void> => rm(path, { recursive: true, force: true })
  try {
    return { path, keepsOrder: await keepsOrder(path), [Symbol.asyncDispose]: remove }
  } catch (error) {
    await remove()
    throw error
  }
}

const memoryFolder = '/dev/shm'

/** `undefined` where there is no such folder, or not twice the room. */
async function openInMemory(neededBytes: number): Promise<string | undefined> {
  try {
    const { bavail, bsize } = await statfs(memoryFolder)
    const freeBytes = Math.min(bavail * bsize, process.availableMemory())
    return freeBytes >= 2 * neededBytes ? await mkdtemp(join(memoryFolder, `assay-check-${process.pid}-`)) : undefined
  } catch {
    return undefined
  }
}

async function keepsOrder(folder: string): Promise<boolean> {
  const names = Array.from({ length: 8 }, (_, i) => `entry-${i}`)
  const forward = await listed(join(folder, 'forward'), names)
  const backward = await listed(join(folder, 'backward'), names.toReversed())
  return forward.join() !== backward.join()
}

/** Names as the file system lists them; `readdir` would sort. */
async function listed(folder: string, names: readonly string[]): Promise<readonly string[]> {
  await mkdir(folder)
  for (const name of names) await writeFile(join(folder, name), '')
  const found: string[] = []
  for await (const entry of await opendir(folder)) found.push(entry.name)
  await rm(folder, { recursive: true })
  return found
}
