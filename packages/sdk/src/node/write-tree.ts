/** One result as files below a fresh folder, and nowhere else. */
import { constants } from 'node:fs'
import { mkdir, open } from 'node:fs/promises'
import { dirname, resolve, sep } from 'node:path'
import { isMarketError, MarketError, type ManifestEntry } from '@assay/protocol'
import type { ShardOutput } from '../shard-output.ts'
import { fileFault, systemCode } from './file-faults.ts'

export interface StagedTree {
  /** The `/out` tree. */
  readonly out: string
  /** Captured standard output, when there was any. */
  readonly stdout: string | undefined
  readonly bytes: number
}

/**
 * Writes a result below `folder`, which must be empty, and resolves once it was verified. Throws `result-invalid` for a tree
 * that no file system can hold, `config-invalid`, `storage-full`, and what `ShardOutput.read` throws.
 */
export async function writeTree(output: ShardOutput, folder: string, signal?: AbortSignal): Promise<StagedTree> {
  const out = resolve(folder, 'out')
  const stdoutPath = resolve(folder, 'stdout')
  let stdout: string | undefined
  let bytes = 0
  await mkdir(out)
  await output.read(async (entry, content) => {
    try {
      if (entry.kind === 'stdout') stdout = stdoutPath
      const path = entry.kind === 'stdout' ? stdoutPath : placeOf(out, entry.path)
      if (entry.kind === 'directory') await mkdir(path, { recursive: true })
      else bytes += await writeContent(path, entry, content)
    } catch (cause) {
      if (isMarketError(cause)) throw cause
      throw isClash(cause)
        ? unholdable(entry, cause)
        : fileFault('config-invalid', 'the result cannot be written', folder, cause)
    }
  }, signal)
  return { out, stdout, bytes }
}

async function writeContent(
  path: string,
  entry: Exclude<ManifestEntry, { readonly kind: 'directory' }>,
  content: AsyncIterable<Uint8Array>,
): Promise<number> {
  await mkdir(dirname(path), { recursive: true })
  const mode = entry.kind === 'file' && entry.executable ? 0o755 : 0o644
  // EXCL never follows a link and never overwrites.
  const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, mode)
  let bytes = 0
  try {
    for await (const part of content) {
      await file.writeFile(part)
      bytes += part.length
    }
  } finally {
    await file.close()
  }
  return bytes
}

/** Where an entry goes. Manifest paths are clean, but `\` and `:` are separators on some systems. */
export function placeOf(folder: string, path: string): string {
  const place = resolve(folder, ...path.split('/'))
  if (place.startsWith(folder + sep)) return place
  throw new MarketError('result-invalid', 'a file of the result would lie outside its folder here', {
    details: { path },
  })
}

/** A file where a folder should be, or two entries in one place. */
const isClash = (error: unknown): boolean => ['EEXIST', 'ENOTDIR', 'EISDIR'].includes(systemCode(error))

const unholdable = (entry: ManifestEntry, cause: unknown): MarketError =>
  new MarketError('result-invalid', 'the result is a tree that this file system cannot hold', {
    details: { path: entry.kind === 'stdout' ? '' : entry.path, reason: systemCode(cause) },
    cause,
  })
