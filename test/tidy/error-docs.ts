/** docs/errors.md against the table of error codes. */

export interface DocumentedRow {
  readonly status: number
  readonly retryable: boolean
  readonly stage: string
  readonly blame: string
  readonly next: string
  /** What the failure does to the money, in the words of the blame table. */
  readonly money: string
}

/** Fewer words cannot explain what happened. */
const MIN_WORDS = 6

/** The line under each heading: what programs read in the table, for people. */
export function factsLine({ status, retryable, stage, blame }: DocumentedRow): string {
  return `HTTP ${status} · stage ${stage} · blame ${blame} · ${retryable ? 'worth retrying' : 'not worth retrying'}`
}

/** The line below it. */
export const moneyLine = ({ money }: DocumentedRow): string => `Money: ${money}`

/**
 * Every difference between page and table. Each code has one heading `### code` (its anchor is then `#code`), its facts
 * line, its money line, a sentence on what happened, and the table's next step word for word.
 */
export function errorDocFaults(page: string, table: Readonly<Record<string, DocumentedRow>>): string[] {
  const sections = page
    .split(/^### /m)
    .slice(1)
    .map((section) => {
      const [heading = '', ...lines] = section.split(/^## /m)[0]?.trim().split('\n') ?? []
      return { code: heading.trim(), text: lines.join('\n').trim() }
    })
  const codes = sections.map(({ code }) => code)
  const unknown = codes.filter((code) => !Object.hasOwn(table, code)).map((code) => `"${code}" is not an error code`)
  const twice = codes.filter((code, index) => codes.indexOf(code) !== index).map((code) => `two headings for "${code}"`)
  return [
    ...unknown,
    ...twice,
    ...Object.entries(table).flatMap(([code, row]) => {
      const text = sections.find((section) => section.code === code)?.text
      return text === undefined ? [`no heading "### ${code}"`] : sectionFaults(code, text, row)
    }),
  ]
}

function sectionFaults(code: string, text: string, row: DocumentedRow): string[] {
  const facts = factsLine(row)
  const money = moneyLine(row)
  const explanation = text.replace(facts, '').replace(money, '').replace(row.next, '')
  return [
    ...(text.includes(money) ? [] : [`${code} should say: ${money}`]),
    ...(text.startsWith(facts) ? [] : [`${code} should start with: ${facts}`]),
    ...(text.includes(row.next) ? [] : [`${code} should say: ${row.next}`]),
    ...((explanation.match(/[A-Za-z]{2,}/g) ?? []).length >= MIN_WORDS ? [] : [`${code} does not say what happened`]),
  ]
}
