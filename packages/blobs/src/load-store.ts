/** Reads a store's folder when it opens, and clears what a crash left behind. */
import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { BlobRoot } from '@assay/protocol'
import type { BlobIndex } from './blob-index.ts'
import { decodeChunkList, listFileBytes } from './chunk-list.ts'
import { isMissing, makeFolder, removeIfThere } from './durable-files.ts'
import { listPath, rootOf, type StorePaths } from './store-paths.ts'

/** Fills the index; returns the unfinished copies with their bytes, the oldest first. */
export async function loadStore(paths: StorePaths, index: BlobIndex): Promise<ReadonlyMap<BlobRoot, number>> {
  await rm(paths.temp, { recursive: true, force: true })
  for (const folder of [paths.blobs, paths.temp, paths.partial, paths.pins]) await makeFolder(folder)
  const found: Found[] = []
  for (const outer of await foldersIn(paths.blobs))
    for (const inner of await foldersIn(join(paths.blobs, outer)))
      found.push(...(await loadFolder(join(paths.blobs, outer, inner))))
  for (const { root, bytes } of found.toSorted(byAge)) index.add(root, bytes)
  for (const owner of await foldersIn(paths.pins))
    for (const name of await readdir(join(paths.pins, owner))) {
      const root = rootOf(name)
      if (root !== undefined) index.pin(root, owner)
    }
  return loadPartials(paths.partial)
}

interface Found {
  readonly root: BlobRoot
  readonly bytes: number
  readonly usedMs: number
}
const byAge = (a: Found, b: Found): number => a.usedMs - b.usedMs

/** Blobs of one folder. A file without its list, of the wrong size, or a list without its file is removed. */
async function loadFolder(folder: string): Promise<readonly Found[]> {
  const found: Found[] = []
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    const root = rootOf(name)
    if (root !== undefined) {
      const whole = await wholeBlob(path)
      if (whole !== undefined) found.push({ root, ...whole })
      else await Promise.all([removeIfThere(path), removeIfThere(listPath(path))])
    } else if ((await sizeOf(path.replace(/\.list$/, ''))) === undefined) await removeIfThere(path)
  }
  return found
}

async function wholeBlob(path: string): Promise<Omit<Found, 'root'> | undefined> {
  const [{ size, mtimeMs }, list] = [await stat(path), await readList(path)]
  if (list === undefined || list.size !== size) return undefined
  return { bytes: size + listFileBytes(size), usedMs: mtimeMs }
}

/** The list beside a file of bytes; `undefined` when it is missing or malformed. */
export async function readList(path: string): Promise<ReturnType<typeof decodeChunkList>> {
  try {
    return decodeChunkList(await readFile(listPath(path)))
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

async function loadPartials(folder: string): Promise<ReadonlyMap<BlobRoot, number>> {
  const found: Found[] = []
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    const root = rootOf(name)
    const [bytes, listBytes] = [await sizeOf(path), await sizeOf(listPath(path))]
    if (root !== undefined && bytes !== undefined && listBytes !== undefined)
      found.push({ root, bytes: bytes + listBytes, usedMs: (await stat(path)).mtimeMs })
    else if (!name.endsWith('.list') || (await sizeOf(path.slice(0, -'.list'.length))) === undefined)
      await removeIfThere(path)
  }
  return new Map(found.toSorted(byAge).map(({ root, bytes }) => [root, bytes]))
}

async function foldersIn(path: string): Promise<readonly string[]> {
  const entries = await readdir(path, { withFileTypes: true })
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}
