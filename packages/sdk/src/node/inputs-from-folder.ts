/** Shards and shared files from disk. Nothing is read before its turn, and never whole. */
import { constants } from 'node:fs'
import { lstat, open, readdir } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { MarketError, pathFault } from '@assay/protocol'
import type { InputFile, ShardInput } from '../shard-input.ts'
import { fileFault } from './file-faults.ts'

export interface FolderOptions {
  /** Also takes top-level entries whose names begin with a dot; by default `.DS_Store` and the like are no shards. */
  readonly hidden?: boolean
}

/**
 * One shard for every entry of a folder, sorted by name: a file becomes `/in/<its name>`, a folder its tree at `/in/…`. The
 * shard has the entry's name. Throws `input-missing` for what cannot be read and for links, sockets and devices, and
 * `spec-invalid` for names that cannot travel (control characters, or not in Unicode form NFC).
 */
export async function* inputsFromFolder(dir: string, options: FolderOptions = {}): AsyncGenerator<ShardInput> {
  for (const name of await listNames(dir)) {
    if (name.startsWith('.') && options.hidden !== true) continue
    yield shardFrom(join(dir, name), name)
  }
}

/** One shard for every path given, in that order, each named after its last part. Throws like `inputsFromFolder`. */
export async function* inputsFromFiles(paths: Iterable<string>): AsyncGenerator<ShardInput> {
  for (const path of paths) yield shardFrom(path, basename(resolve(path)))
}

/** Files for every shard: a file as `/in/<its name>`, a folder as `/in/<its name>/…`. Throws like `inputsFromFolder`. */
export async function* sharedFrom(path: string): AsyncGenerator<InputFile> {
  const name = basename(resolve(path))
  yield* walk(path, name)
}

async function shardFrom(path: string, name: string): Promise<ShardInput> {
  checkName(name, path)
  const folder = (await kindOf(path)) === 'folder'
  const files: InputFile[] = []
  for await (const file of walk(path, folder ? '' : name)) files.push(file)
  return { name, files }
}

/** All files below `path`, which itself appears as `at`; sorted by name at every level. */
async function* walk(path: string, at: string): AsyncGenerator<InputFile> {
  if ((await kindOf(path)) === 'file') {
    yield await fileFrom(path, at)
    return
  }
  for (const name of await listNames(path)) yield* walk(join(path, name), at === '' ? name : `${at}/${name}`)
}

async function fileFrom(path: string, at: string): Promise<InputFile> {
  checkName(at, path)
  const { size, mode } = await lstat(path).catch((cause: unknown) => {
    throw unreadable(path, cause)
  })
  return { path: at, size, executable: (mode & 0o100) !== 0, open: () => readFrom(path) }
}

async function* readFrom(path: string): AsyncGenerator<Uint8Array> {
  try {
    // NOFOLLOW: what was a file when it was listed may not have become a link since.
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
    try {
      yield* file.createReadStream({ highWaterMark: readBytes, autoClose: false })
    } finally {
      await file.close()
    }
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

/** One read: a whole chunk of the hash at once, small enough for four files side by side. */
const readBytes = 1024 * 1024

async function kindOf(path: string): Promise<'file' | 'folder'> {
  const found = await lstat(path).catch((cause: unknown) => {
    throw unreadable(path, cause)
  })
  if (found.isFile()) return 'file'
  if (found.isDirectory()) return 'folder'
  const reason = found.isSymbolicLink() ? 'symbolic-link' : 'not-a-file'
  throw new MarketError('input-missing', `only files and folders can be inputs; copy what ${path} stands for`, {
    details: { path, reason },
  })
}

/** Names of a folder in the order of their UTF-8 bytes: the same on every machine. */
async function listNames(dir: string): Promise<readonly string[]> {
  const names = await readdir(dir).catch((cause: unknown) => {
    throw unreadable(dir, cause)
  })
  return names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
}

function checkName(name: string, path: string): void {
  const fault = pathFault(name)
  if (fault === undefined) return
  throw new MarketError('spec-invalid', `the name of ${JSON.stringify(path)} cannot travel; rename it`, {
    details: { field: 'path', path, problem: fault },
  })
}

const unreadable = (path: string, cause: unknown): MarketError =>
  fileFault('input-missing', 'the input cannot be read', path, cause)
