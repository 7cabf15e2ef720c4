/** Input files as a tree that becomes `/in`: same names, modes, times and order on every machine. */
import { chmod, constants, copyFile, link, mkdir, stat, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { SandboxConditions, SandboxInput } from '@assay/core'
import { pathFault } from '@assay/protocol'

/** What is wrong with a task's inputs, and whether its author (the paths) or this host (the bytes) is to blame. */
export interface InputFault {
  readonly blame: 'client' | 'provider'
  readonly detail: string
}

/** Modification time of everything below `/in`: one second after the epoch, since some archivers refuse zero. */
export const inputTime = new Date(1000)

/**
 * Fills the empty folder `target`. Sources are never changed: a source that already has the wanted mode (0444, or 0555
 * when executable) and `inputTime` is linked, any other is copied, by reference where the filesystem can.
 */
export async function stageInputs(
  target: string,
  inputs: readonly SandboxInput[],
  order: SandboxConditions['inputOrder'],
  signal: AbortSignal,
): Promise<InputFault | undefined> {
  const sorted = inputs.toSorted((a, b) => (a.path < b.path ? -1 : 1))
  const fault = pathsFault(sorted)
  if (fault !== undefined) return { blame: 'client', detail: fault }
  const directories = new Set([target])
  for (const input of order === 'sorted' ? sorted : sorted.toReversed()) {
    signal.throwIfAborted()
    const path = join(target, input.path)
    await makeDirectories(dirname(path), directories)
    const problem = await stageFile(input, path)
    if (problem !== undefined) return { blame: 'provider', detail: `input ${input.path}: ${problem}` }
  }
  for (const directory of [...directories].toSorted((a, b) => b.length - a.length)) {
    await chmod(directory, 0o755)
    await utimes(directory, inputTime, inputTime)
  }
  return undefined
}

function pathsFault(sorted: readonly SandboxInput[]): string | undefined {
  const files = new Set<string>()
  for (const { path } of sorted) {
    const fault = pathFault(path)
    if (fault !== undefined) return `input path is refused: ${fault}`
    if (files.has(path)) return `input path is given twice: ${path}`
    files.add(path)
  }
  for (const { path } of sorted) {
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
      if (files.has(path.slice(0, at))) return `input path lies below a file: ${path}`
    }
  }
  return undefined
}

async function makeDirectories(directory: string, known: Set<string>): Promise<void> {
  if (known.has(directory)) return
  await makeDirectories(dirname(directory), known)
  await mkdir(directory)
  known.add(directory)
}

async function stageFile({ hostPath, executable }: SandboxInput, path: string): Promise<string | undefined> {
  const mode = executable ? 0o555 : 0o444
  try {
    const source = await stat(hostPath)
    if (!source.isFile()) return 'the source is not a regular file'
    if ((source.mode & 0o7777) === mode && source.mtimeMs === inputTime.getTime() && (await linked(hostPath, path))) {
      return undefined
    }
    await copyFile(hostPath, path, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL)
    await chmod(path, mode)
    await utimes(path, inputTime, inputTime)
    return undefined
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'cannot be staged'
  }
}

/** Another filesystem, another owner or too many links: then it is copied. */
async function linked(source: string, path: string): Promise<boolean> {
  try {
    await link(source, path)
    return true
  } catch {
    return false
  }
}
