/** The tar of `/out` becomes staged files and a manifest, or a reason why not. Nothing is ever extracted by name. */
import { join } from 'node:path'
import { createManifest, limits as wireLimits, type BlobRef, type Manifest, type ManifestEntry } from '@assay/protocol'
import type { ByteReader } from './byte-reader.ts'
import { printable, readTar, type TarEntry } from './read-tar.ts'
import { stageFile } from './stage-file.ts'

/** What a job wrote. */
export interface OutputTree {
  readonly manifest: Manifest
  /** Manifest path to the staged file; `''` for standard output. */
  readonly files: ReadonlyMap<string, string>
}
export interface OutputFault {
  readonly failure: 'output-limit' | 'output-invalid'
  readonly detail: string
}

export interface CollectTreeOptions {
  /** Sum of the sizes of all files. */
  readonly outputBytes: number
  /** Folder for the files, which are named by number. */
  readonly directory: string
  /** Standard output, staged already; absent = not captured or empty. */
  readonly stdout?: { readonly path: string; readonly blob: BlobRef }
}

/** Reads one archive. Stops at the first thing that may not be in a result. */
export async function collectTree(reader: ByteReader, options: CollectTreeOptions): Promise<OutputTree | OutputFault> {
  const entries: ManifestEntry[] = []
  const files = new Map<string, string>()
  const directories = new Set([''])
  let left = options.outputBytes
  if (options.stdout !== undefined) {
    entries.push({ kind: 'stdout', ...options.stdout.blob })
    files.set('', options.stdout.path)
  }
  for await (const entry of readTar(reader, wireLimits.pathBytes + namePrefix.length + 1)) {
    if (entry.kind === 'fault') return invalid(entry.detail)
    const path = pathOf(entry)
    if (path === '' && entry.kind === 'directory') continue
    if (!directories.has(parentOf(path))) return invalid(`an entry outside of its folder: ${printable(entry.name)}`)
    if (entries.length >= wireLimits.manifestEntries) return tooMuch(`more than ${wireLimits.manifestEntries} entries`)
    if (entry.kind === 'directory') {
      directories.add(path)
      entries.push({ kind: 'directory', path })
      continue
    }
    left -= entry.size
    if (left < 0) return tooMuch(`the files are larger than ${options.outputBytes} bytes together`)
    const target = join(options.directory, String(files.size))
    const blob = await stageFile(target, entry.body)
    entries.push({ kind: 'file', path, executable: entry.executable, ...blob })
    files.set(path, target)
  }
  const made = createManifest(entries)
  return 'fault' in made ? invalid(`${made.fault}: ${printable(made.path)}`) : { manifest: made.manifest, files }
}

/** Busybox archives the folder `.`: every name begins with `./`, and a directory's ends with `/`. */
function pathOf(entry: Exclude<TarEntry, { readonly kind: 'fault' }>): string {
  const name = entry.name === '.' || entry.name === './' ? namePrefix : entry.name
  const path = name.startsWith(namePrefix) ? name.slice(namePrefix.length) : name
  return entry.kind === 'directory' && path.endsWith('/') ? path.slice(0, -1) : path
}

const namePrefix = './'
const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')))
const invalid = (detail: string): OutputFault => ({ failure: 'output-invalid', detail })
const tooMuch = (detail: string): OutputFault => ({ failure: 'output-limit', detail })
