import type { Manifest, ManifestEntry } from '@assay/protocol'

export interface EntryPair {
  readonly path: string
  readonly a: ManifestEntry | undefined
  readonly b: ManifestEntry | undefined
}

/** Entries that are not equal, in manifest order; of a directory that only one run has, nothing below it. */
export function pairEntries(first: Manifest, second: Manifest): readonly EntryPair[] {
  const mine = new Map(first.entries.map((entry) => [pathOf(entry), entry]))
  const theirs = new Map(second.entries.map((entry) => [pathOf(entry), entry]))
  const paths = [...mine.keys(), ...[...theirs.keys()].filter((path) => !mine.has(path))].toSorted()
  const alone = new Set<string>()
  return paths.flatMap((path) => {
    const [a, b] = [mine.get(path), theirs.get(path)]
    if (sameEntry(a, b)) return []
    const isAlone = path !== '' && (a === undefined || b === undefined)
    if (isAlone) alone.add(path)
    const parent = path.slice(0, Math.max(0, path.lastIndexOf('/')))
    return isAlone && alone.has(parent) ? [] : [{ path, a, b }]
  })
}

/** Path of an entry; `''` is standard output. */
export const pathOf = (entry: ManifestEntry): string => (entry.kind === 'stdout' ? '' : entry.path)

function sameEntry(a: ManifestEntry | undefined, b: ManifestEntry | undefined): boolean {
  if (a?.kind === 'file' && b?.kind === 'file') return a.root === b.root && a.executable === b.executable
  if (a?.kind === 'stdout' && b?.kind === 'stdout') return a.root === b.root
  return a?.kind === b?.kind
}
