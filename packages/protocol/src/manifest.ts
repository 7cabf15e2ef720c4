/**
 * The canonical manifest of a shard's output tree. Times, owners, inode numbers and modes other than
 * the executable bit are dropped, so two honest machines write the same bytes.
 *
 * Text form, one line an entry, `\n` ended, sorted by the UTF-8 bytes of the path:
 *   assay-manifest/1
 *   o <size> <blob root>                  captured standard output, only when not empty
 *   d <path>
 *   f <644|755> <size> <blob root> <path>
 */
import { merkleLeaf, merkleRoot } from './merkle.ts'
import { asHash, byteCount, type BlobRoot, type ByteCount, type ResultRoot } from './units.ts'
import { limits } from './limits.ts'

export interface FileEntry {
  readonly kind: 'file'
  /** Relative, `/` separated, NFC, no `.`/`..` segment, no control character. */
  readonly path: string
  readonly executable: boolean
  readonly size: ByteCount
  readonly root: BlobRoot
}
export interface DirectoryEntry {
  readonly kind: 'directory'
  readonly path: string
}
export interface StdoutEntry {
  readonly kind: 'stdout'
  readonly size: ByteCount
  readonly root: BlobRoot
}
export type ManifestEntry = FileEntry | DirectoryEntry | StdoutEntry
/** Entries in canonical order. Build one with `createManifest`. */
export interface Manifest {
  readonly entries: readonly ManifestEntry[]
}

/** Why an entry cannot stand in a manifest. */
export type ManifestFault =
  'path-invalid' | 'path-too-long' | 'path-duplicate' | 'too-many-entries' | 'too-large' | 'size-invalid'

/** Sorts and checks entries. Returns the fault and the offending path instead of throwing: the producer is untrusted. */
export function createManifest(
  entries: readonly ManifestEntry[],
): { readonly manifest: Manifest } | { readonly fault: ManifestFault; readonly path: string } {
  if (entries.length > limits.manifestEntries) return { fault: 'too-many-entries', path: '' }
  const keyed = entries.map((entry) => ({ entry, key: sortKey(entry) }))
  keyed.sort((a, b) => compareBytes(a.key, b.key))
  const seen = new Set<string>()
  for (const { entry } of keyed) {
    const path = entry.kind === 'stdout' ? '' : entry.path
    if (entry.kind !== 'stdout') {
      const fault = pathFault(path)
      if (fault !== undefined) return { fault, path }
    }
    if (entry.kind !== 'directory' && !(Number.isSafeInteger(entry.size) && entry.size >= 0))
      return { fault: 'size-invalid', path }
    if (seen.has(path)) return { fault: 'path-duplicate', path }
    seen.add(path)
  }
  const bytes = keyed.reduce((sum, { entry, key }) => sum + lineBytes(entry, key), header.length + 1)
  if (bytes > limits.manifestBytes) return { fault: 'too-large', path: '' }
  const sorted = keyed.map(({ entry }) => entry)
  const below = belowFile(sorted)
  return below === undefined ? { manifest: { entries: sorted } } : { fault: 'path-invalid', path: below }
}

/** Canonical text of a manifest. */
export const encodeManifest = (manifest: Manifest): string => manifestLines(manifest).join('')

/** Reads canonical text; `undefined` when it is not exactly what `encodeManifest` would write. */
export function decodeManifest(text: string): Manifest | undefined {
  if (text.length > limits.manifestBytes) return undefined
  const lines = text.split('\n')
  if (lines.shift() !== header || lines.pop() !== '') return undefined
  const entries: ManifestEntry[] = []
  for (const line of lines) {
    const entry = decodeLine(line)
    if (entry === undefined) return undefined
    entries.push(entry)
  }
  const made = createManifest(entries)
  return 'manifest' in made && encodeManifest(made.manifest) === text ? made.manifest : undefined
}

/** Merkle root over the manifest's lines, header included: the result. */
export const deriveResultRoot = (manifest: Manifest): ResultRoot => {
  const encoder = new TextEncoder()
  return asHash(merkleRoot(manifestLines(manifest).map((line) => merkleLeaf(encoder.encode(line)))))
}

/** What is wrong with a path inside an input or output tree, if anything. */
export function pathFault(path: string): ManifestFault | undefined {
  if (new TextEncoder().encode(path).length > limits.pathBytes) return 'path-too-long'
  const segments = path.split('/')
  if (segments.length > limits.pathDepth) return 'path-too-long'
  if (segments.some((segment) => segment === '' || segment === '.' || segment === '..')) return 'path-invalid'
  // Control characters would break the line form; a lone surrogate has no UTF-8; NFC makes twins impossible.
  if (/[\u0000-\u001f\u007f]/.test(path) || !path.isWellFormed() || path.normalize('NFC') !== path)
    return 'path-invalid'
  return undefined
}

const header = 'assay-manifest/1'

/** A path that would need a file to be a directory: no tree has it, and no client could write it. */
function belowFile(entries: readonly ManifestEntry[]): string | undefined {
  const files = new Set(entries.flatMap((entry) => (entry.kind === 'file' ? entry.path : [])))
  for (const entry of entries) {
    if (entry.kind === 'stdout') continue
    const { path } = entry
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1))
      if (files.has(path.slice(0, at))) return path
  }
  return undefined
}

function manifestLines(manifest: Manifest): string[] {
  return [`${header}\n`, ...manifest.entries.map(encodeLine)]
}

function encodeLine(entry: ManifestEntry): string {
  if (entry.kind === 'stdout') return `o ${entry.size} ${entry.root}\n`
  if (entry.kind === 'directory') return `d ${entry.path}\n`
  return `f ${entry.executable ? '755' : '644'} ${entry.size} ${entry.root} ${entry.path}\n`
}

/** Length of an entry's line in UTF-8; only its path can hold more than ASCII. */
const lineBytes = (entry: ManifestEntry, key: Uint8Array): number =>
  encodeLine(entry).length + (entry.kind === 'stdout' ? 0 : key.length - entry.path.length)

function decodeLine(line: string): ManifestEntry | undefined {
  const stdout = /^o (\d{1,16}) (0x[0-9a-f]{64})$/.exec(line)
  if (stdout) return { kind: 'stdout', size: byteCount(Number(stdout[1])), root: asHash(stdout[2]!) }
  const directory = /^d (.+)$/.exec(line)
  if (directory) return { kind: 'directory', path: directory[1]! }
  const file = /^f (644|755) (\d{1,16}) (0x[0-9a-f]{64}) (.+)$/.exec(line)
  if (!file) return undefined
  return {
    kind: 'file',
    path: file[4]!,
    executable: file[1] === '755',
    size: byteCount(Number(file[2])),
    root: asHash(file[3]!),
  }
}

const sortKey = (entry: ManifestEntry): Uint8Array =>
  entry.kind === 'stdout' ? new Uint8Array(0) : new TextEncoder().encode(entry.path)

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return a[i]! - b[i]!
  return a.length - b.length
}
