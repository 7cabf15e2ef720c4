/** How near two results of one shard are to being the same, and what class of job would accept both. */
import type { DeterminismGrade, ManifestEntry } from '@assay/protocol'
import type { GateRun } from './compare-results.ts'
import { limits } from './limits.ts'
import { pairEntries } from './pair-entries.ts'
import { readValues, type FileValues } from './read-values.ts'

/** One file of two results that are not equal. */
export interface FileGrade {
  /** Path below `/out`; `''` is standard output. */
  readonly path: string
  readonly grade: DeterminismGrade
  /** Largest distance of two numbers at the same place, and the same as a share of the larger; absent without numbers. */
  readonly largest?: { readonly absolute: number; readonly relative: number }
}
export interface ResultGrade {
  /** The worst of its files; `exact` when there is none. */
  readonly grade: DeterminismGrade
  readonly files: readonly FileGrade[]
}

/** Grades two results file by file. Reads only files whose hashes differ and that are small enough. Throws what `open` throws. */
export async function gradeResults(first: GateRun, second: GateRun): Promise<ResultGrade> {
  const files: FileGrade[] = []
  for (const { path, a, b } of pairEntries(first.manifest, second.manifest).slice(0, limits.gradedFiles)) {
    const readable = isReadable(a) && isReadable(b) && isSameMode(a, b)
    files.push(
      readable ? gradeFile(path, await read(first, path), await read(second, path)) : { path, grade: 'unverifiable' },
    )
  }
  return { grade: worstGrade(files.map(({ grade }) => grade)), files }
}

/** From the most to the least that can be said of them; `exact` for nothing. */
export const worstGrade = (grades: readonly DeterminismGrade[]): DeterminismGrade =>
  order.findLast((grade) => grades.includes(grade)) ?? 'exact'

const order: readonly DeterminismGrade[] = ['exact', 'exact-after-canonicalisation', 'within-tolerance', 'unverifiable']

/** Two contents of one file that are not equal byte for byte. */
export function gradeFile(path: string, first: Uint8Array, second: Uint8Array): FileGrade {
  const [a, b] = [readValues(path, first), readValues(path, second)]
  if (a === undefined || b === undefined || a.shape !== b.shape || a.numbers.length !== b.numbers.length)
    return { path, grade: 'unverifiable' }
  const largest = largestDistance(a, b)
  if (largest === undefined) return { path, grade: 'unverifiable' }
  if (largest.absolute === 0) return { path, grade: 'exact-after-canonicalisation', largest }
  return { path, grade: largest.relative <= limits.toleranceRelative ? 'within-tolerance' : 'unverifiable', largest }
}

/** `undefined` when one is no number, or infinite, where the other is. −0 is 0, and every NaN the same. */
function largestDistance(a: FileValues, b: FileValues): { absolute: number; relative: number } | undefined {
  let absolute = 0
  let relative = 0
  for (const [i, x] of a.numbers.entries()) {
    const y = b.numbers[i] ?? Number.NaN
    if (x === y || (Number.isNaN(x) && Number.isNaN(y))) continue
    const distance = Math.abs(x - y)
    if (!Number.isFinite(distance)) return undefined
    absolute = Math.max(absolute, distance)
    relative = Math.max(relative, distance / Math.max(Math.abs(x), Math.abs(y)))
  }
  return { absolute, relative }
}

/** What to do about a grade, in words for a person. */
export function proposeFix({ grade, files }: ResultGrade): string {
  switch (grade) {
    case 'exact':
      return 'Nothing: class D1 fits, and a certificate makes wrong results cost stake.'
    case 'exact-after-canonicalisation':
      return 'Write the same values in one way (sorted keys, shortest numbers, no -0), then class D1 fits.'
    case 'within-tolerance': {
      const absolute = Math.max(...files.map(({ largest }) => largest?.absolute ?? 0))
      const relative = Math.max(...files.map(({ largest }) => largest?.relative ?? 0))
      return `Make it bit for bit reproducible (one thread, a fixed order of sums) for class D1, or choose class D3 with limits above what was seen: ${absolute.toPrecision(2)} absolute, ${relative.toPrecision(2)} relative.`
    }
    case 'unverifiable':
      return 'Remove what differs. If it cannot be removed, only class DX fits: you accept each result yourself, and nobody is slashed.'
  }
}

const isReadable = (entry: ManifestEntry | undefined): entry is Extract<ManifestEntry, { kind: 'file' | 'stdout' }> =>
  entry !== undefined && entry.kind !== 'directory' && entry.size <= limits.gradedBytes

const isSameMode = (a: ManifestEntry, b: ManifestEntry): boolean =>
  a.kind === b.kind && (a.kind !== 'file' || b.kind !== 'file' || a.executable === b.executable)

async function read(run: GateRun, path: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const part of run.open(path)) parts.push(part)
  const bytes = new Uint8Array(parts.reduce((size, part) => size + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
