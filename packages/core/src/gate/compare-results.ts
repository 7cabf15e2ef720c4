/** Two runs of one shard side by side: is the job reproducible, and if not, what differs and why. */
import type { Manifest, ManifestEntry } from '@assay/protocol'
import type { SandboxConditions, SandboxFailure } from '../ports/sandbox.ts'
import { compareContents } from './compare-contents.ts'
import type { ConditionPair, Difference, DifferenceCause } from './difference.ts'
import { explainLines } from './explain-lines.ts'
import { limits } from './limits.ts'
import { pairEntries, pathOf, type EntryPair } from './pair-entries.ts'

/** A run that succeeded. */
export interface GateRun {
  readonly conditions: SandboxConditions
  readonly manifest: Manifest
  /** Bytes of a file; `''` is standard output. Asked only for what is in the manifest, one after the other. */
  open(path: string): AsyncIterable<Uint8Array>
}
export interface GateComparison {
  /** In the order of their paths; empty exactly when the result roots are equal. */
  readonly differences: readonly Difference[]
  /** Differences beyond the bound, not looked at. */
  readonly omitted: number
}

/** Compares entry by entry; reads only files whose hashes differ. Throws what `open` throws. */
export async function compareResults(first: GateRun, second: GateRun): Promise<GateComparison> {
  const pair = { first: first.conditions, second: second.conditions }
  const differing = pairEntries(first.manifest, second.manifest)
  const names = explainNames(differing, pair)
  const differences: Difference[] = []
  let omitted = 0
  for (const { path, a, b } of differing) {
    const room = limits.differences - differences.length
    if (room <= 0) omitted += 1
    else if (path === '' || (a?.kind === 'file' && b?.kind === 'file')) {
      if (a?.kind === 'file' && b?.kind === 'file' && a.executable !== b.executable)
        differences.push({ path, kind: 'mode', cause: 'unknown', count: 1 })
      const contents = await compareContents(open(first, a), open(second, b), pair)
      differences.push(...contents.slice(0, room).map((one) => ({ path, kind: 'content' as const, ...one })))
    } else if (a !== undefined && b !== undefined) differences.push({ path, kind: 'type', cause: 'unknown', count: 1 })
    else {
      const kind = b === undefined ? 'missing' : 'extra'
      differences.push({ path, kind, cause: names.get(path) ?? 'file-set', count: 1 })
    }
  }
  return { differences, omitted }
}

/** A run that failed where one under the first conditions succeeded: a difference like any other. */
export function explainFailure(failure: SandboxFailure, pair: ConditionPair): Difference {
  const said = failure.stderrTail.trim()
  const detail = `${failure.failure}: ${failure.detail}${said === '' ? '' : `\n${said}`}`
  return { path: '', kind: 'failure', cause: failureCause(said, pair.second), count: 1, detail }
}

/** What standard error complains about: a condition of the run by its name, or a locale that the image lacks. */
function failureCause(said: string, conditions: SandboxConditions): DifferenceCause {
  if (said.includes(conditions.hostname)) return 'host-name'
  if (said.includes(conditions.timeZone)) return 'time-zone'
  return /locale|LC_ALL|\bLANG\b|codec can't|Unicode\w*Error/i.test(said) ? 'locale' : 'unknown'
}

/** Standard output that is empty has no entry, and no bytes. */
const open = (run: GateRun, entry: ManifestEntry | undefined): AsyncIterable<Uint8Array> =>
  entry === undefined ? nothing() : run.open(pathOf(entry))

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** As many new names as lost ones: they are taken for the same files under other names, which tell why. */
function explainNames(differing: readonly EntryPair[], pair: ConditionPair): ReadonlyMap<string, DifferenceCause> {
  const lost = differing.filter(({ path, b }) => path !== '' && b === undefined)
  const gained = differing.filter(({ path, a }) => path !== '' && a === undefined)
  if (lost.length !== gained.length) return new Map()
  return new Map(
    lost.flatMap(({ path }, i) => {
      const other = gained[i]?.path ?? path
      const cause = explainLines(path, other, pair)[0]?.cause ?? 'unknown'
      const settled = cause === 'unknown' || cause === 'order' ? 'file-set' : cause
      return [[path, settled] as const, [other, settled] as const]
    }),
  )
}
