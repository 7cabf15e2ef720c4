/** What a mutation run came to: a table, the survivors, and the same as JSON. */
import type { Judgement, Verdict } from './judge-mutants.ts'
import { type Mutant, describeMutant } from './list-mutants.ts'

export interface Outcome {
  readonly mutants: readonly Mutant[]
  readonly judgements: readonly Judgement[]
  /** Keys of the mutants that may survive. */
  readonly accepted: ReadonlySet<string>
  /** Keys of accepted mutants that do not exist. */
  readonly stale: readonly string[]
}

type Column = Verdict | 'mutants' | 'accepted'
const COLUMNS: readonly Column[] = ['mutants', 'invalid', 'equal', 'killed', 'timeout', 'accepted', 'survived']

/** Survivors that nobody gave a reason for. */
export function unexplained({ judgements, accepted }: Outcome): Judgement[] {
  return judgements.filter(({ verdict, mutant }) => verdict === 'survived' && !accepted.has(mutant.key))
}

/** A row for each file with mutants that were judged, and one for all. */
export function formatTable(outcome: Outcome): string {
  const files = [...new Set(outcome.judgements.map(({ mutant }) => mutant.file))].toSorted()
  const rows = [...files, undefined].map((file) => [
    file ?? 'all',
    ...COLUMNS.map((column) => String(count(outcome, column, file))),
  ])
  const table = [['file', ...COLUMNS], ...rows]
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? []
  return table
    .map((row) => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))))
    .map((cells) => cells.join('  '))
    .join('\n')
}

/** Every survivor without a reason and every stale reason, or '' if there are none. */
export function formatProblems(outcome: Outcome): string {
  const survivors = unexplained(outcome).map(
    ({ mutant }) => `SURVIVED ${describeMutant(mutant)}\n         ${JSON.stringify(mutant.key)}`,
  )
  const stale = outcome.stale.map((key) => `NO SUCH MUTANT, but accepted.json names it: ${JSON.stringify(key)}`)
  return [...survivors, ...stale].join('\n')
}

/** Everything, for a machine. */
export function toReport(outcome: Outcome): object {
  return {
    mutants: outcome.mutants.length,
    judged: outcome.judgements.length,
    unexplained: unexplained(outcome).length,
    stale: outcome.stale,
    results: outcome.judgements.map(({ mutant, verdict, by, seconds }) => ({
      place: `${mutant.file}:${mutant.line}:${mutant.column}`,
      operator: mutant.operator,
      before: mutant.before,
      after: mutant.after,
      key: mutant.key,
      verdict: verdict === 'survived' && outcome.accepted.has(mutant.key) ? 'accepted' : verdict,
      by: by ?? null,
      seconds: Math.round(seconds * 10) / 10,
    })),
  }
}

function count({ judgements, accepted }: Outcome, column: Column, file: string | undefined): number {
  const inFile = judgements.filter(({ mutant }) => file === undefined || mutant.file === file)
  if (column === 'mutants') return inFile.length
  return inFile.filter(({ verdict, mutant }) => {
    const isAccepted = verdict === 'survived' && accepted.has(mutant.key)
    return column === 'accepted' ? isAccepted : verdict === column && !isAccepted
  }).length
}
