/** Whether two whole results agree within the tolerance of their spec. */
import {
  comparatorFor,
  hashBlob,
  type BlobRoot,
  type ComparatorName,
  type Manifest,
  type ManifestEntry,
  type Tolerance,
} from '@assay/protocol'
import { differs, type Comparator, type Comparison, type ValueDifference } from './comparator.ts'
import { comparators } from './comparators.ts'
import { limits } from './limits.ts'
import { readTolerance } from './read-tolerance.ts'

/** A result whose manifest was checked against its root. */
export interface ResultTree {
  readonly manifest: Manifest
  /** Bytes of one of its files, by content address. A reader that fails throws: that is no verdict on anybody. */
  read(root: BlobRoot): Promise<Uint8Array>
}

export interface TreeDifference extends ValueDifference {
  /** `''` is standard output. */
  readonly path: string
}

export interface TreeComparison {
  readonly equal: boolean
  /** Of each file that is not the same bytes, what its comparator said. */
  readonly files: readonly FileComparison[]
  /** Of all files: those that do not agree first, then by size. At most `limits.differences`. */
  readonly differences: readonly TreeDifference[]
}

export interface FileComparison {
  readonly path: string
  readonly comparator: ComparatorName
  readonly comparison: Comparison
}

/**
 * Compares two results: the same entries of the same kind and executable bit, and every file within tolerance by the
 * comparator that the spec gives it. Files of equal content are not read. Depends on the bytes alone, so anyone who holds
 * them finds the same. Rejects when a reader does, or gives bytes that are not what was asked for.
 */
export async function compareTrees(a: ResultTree, b: ResultTree, tolerance: Tolerance): Promise<TreeComparison> {
  const mine = new Map(a.manifest.entries.map((entry) => [pathOf(entry), entry]))
  const theirs = new Map(b.manifest.entries.map((entry) => [pathOf(entry), entry]))
  const files: FileComparison[] = []
  const paths = [...new Set([...mine.keys(), ...theirs.keys()])].toSorted()
  for (const path of paths) {
    const pair = { first: mine.get(path), second: theirs.get(path) }
    const comparator = comparatorFor(tolerance, path)
    const comparison = compareEntries(pair) ?? (await compareFiles([a, b], pair, comparators[comparator], tolerance))
    if (comparison !== undefined) files.push({ path, comparator, comparison })
  }
  const differences = files
    .toSorted((x, y) => Number(x.comparison.equal) - Number(y.comparison.equal))
    .flatMap(({ path, comparison }) => comparison.differences.map((difference) => ({ path, ...difference })))
  return {
    equal: files.every(({ comparison }) => comparison.equal),
    files,
    differences: differences.slice(0, limits.differences),
  }
}

interface EntryPair {
  readonly first: ManifestEntry | undefined
  readonly second: ManifestEntry | undefined
}

/** What the manifests alone say against two entries. */
function compareEntries({ first, second }: EntryPair): Comparison | undefined {
  const [x, y] = [entryText(first), entryText(second)]
  return x === y ? undefined : differs('structure', { place: 'entry', first: x, second: y })
}

async function compareFiles(
  [a, b]: readonly [ResultTree, ResultTree],
  { first, second }: EntryPair,
  comparator: Comparator,
  tolerance: Tolerance,
): Promise<Comparison | undefined> {
  if (first === undefined || second === undefined) return undefined
  if (first.kind === 'directory' || second.kind === 'directory' || first.root === second.root) return undefined
  // Other roots are other bytes: without a comparator that looks inside, nothing more is to be read.
  if (comparator === comparators.bytes) return differs('bytes')
  if (Math.max(first.size, second.size) > limits.fileBytes) return differs('malformed')
  const [x, y] = [await readFile(a, first.root), await readFile(b, second.root)]
  return comparator.compare({ bytes: x }, { bytes: y }, readTolerance(tolerance))
}

async function readFile(tree: ResultTree, root: BlobRoot): Promise<Uint8Array> {
  const bytes = await tree.read(root)
  if ((await hashBlob(bytes)).root !== root) throw new TypeError(`the reader gave other bytes than those of ${root}`)
  return bytes
}

const pathOf = (entry: ManifestEntry): string => (entry.kind === 'stdout' ? '' : entry.path)

function entryText(entry: ManifestEntry | undefined): string {
  if (entry === undefined) return 'none'
  return entry.kind === 'file' && entry.executable ? 'executable file' : entry.kind
}
