/** Why two lines at the same place differ: word by word, and by what is known of the two runs. */
import type { ConditionPair, DifferenceCause, LineFinding } from './difference.ts'
import { explainWords, type WordCause } from './explain-words.ts'
import { firstDifference } from './first-difference.ts'
import { isDateName, lineClock } from './time-words.ts'

/** The causes of two lines that differ, at least one; a cause that shows twice counts once. */
export function explainLines(first: string, second: string, pair: ConditionPair): readonly LineFinding[] {
  const at = firstDifference(first, second)
  const here = { first: at, second: at }
  if (commasToPoints(first) === commasToPoints(second)) return [{ cause: 'locale', ...here }]
  const a = wordsOf(first)
  const b = wordsOf(second)
  if (a.length !== b.length) return [{ cause: explainMiddles(first, second, at, pair), ...here }]
  const differing = a.flatMap((word, index) => {
    const other = b[index]
    return other === undefined || other.text === word.text ? [] : [{ word, other, unit: a[index + 1]?.text }]
  })
  if (differing.length === 0) return [{ cause: 'unknown', ...here }]
  if (differing.length > 1 && sameWords(a, b)) return [{ cause: 'order', ...here }]
  if (isRow(differing.map(({ word, other }) => [word.text, other.text] as const)))
    return [{ cause: 'randomness', ...here }]
  const clock = lineClock(
    differing.map(({ word, other }) => [word.text, other.text] as const),
    pair,
  )
  const findings = new Map<DifferenceCause, LineFinding>()
  for (const { word, other, unit } of differing) {
    const known = explainWords(word.text, other.text, { ...pair, ...(unit !== undefined && { unit }) })
    const cause = settleDate(known, word.text, other.text, clock)
    const inside = firstDifference(word.text, other.text)
    // What stands between the words may differ before they do.
    const where = findings.size === 0 ? here : { first: word.at + inside, second: other.at + inside }
    if (!findings.has(cause)) findings.set(cause, { cause, ...where })
  }
  return [...findings.values()]
}

/** Many short numbers, most of them another: a dump of random bytes, or drawn numbers. */
function isRow(words: readonly (readonly [string, string])[]): boolean {
  return words.length >= rowWords && words.every((pair) => pair.every((word) => /^(?:[0-9a-f]{2,8}|\d)$/.test(word)))
}

/** Fewer could be the fields of a date, or measurements. */
const rowWords = 5

interface Word {
  readonly text: string
  readonly at: number
}

/** Runs of characters that are no space, quote, bracket or other punctuation: times, numbers and paths stay whole. */
const wordsOf = (line: string): readonly Word[] =>
  [...line.matchAll(/[^\s"'`,;()[\]{}<>|=&!?*#~^$\\]+/g)].map((match) => ({ text: match[0], at: match.index }))

const sameWords = (a: readonly Word[], b: readonly Word[]): boolean => {
  const sorted = (words: readonly Word[]): string => JSON.stringify(words.map(({ text }) => text).toSorted())
  return sorted(a) === sorted(b)
}

/** A decimal comma is a locale's. */
const commasToPoints = (line: string): string => line.replaceAll(/(?<=\d),(?=\d)/g, '.')

/** A date is as its clock is: parts of dates on the same line have the cause of the clock beside them. */
function settleDate(
  cause: WordCause,
  first: string,
  second: string,
  clock: 'time' | 'time-zone' | undefined,
): DifferenceCause {
  if (cause === 'date') return clock ?? 'time'
  const isPart = isDateName(first, second) || (isDayOrYear(first) && isDayOrYear(second))
  return clock !== undefined && isPart && (cause === 'unknown' || cause === 'threads' || cause === 'randomness')
    ? clock
    : cause
}

const isDayOrYear = (word: string): boolean => /^(?:\d{1,2}|(?:19|20)\d\d)$/.test(word)

/** Lines of different shape: only what stands between their equal ends can be looked at, as one word. */
function explainMiddles(first: string, second: string, at: number, pair: ConditionPair): DifferenceCause {
  const most = Math.min(first.length, second.length) - at
  let end = 0
  while (end < most && first.at(-1 - end) === second.at(-1 - end)) end += 1
  const from = first.slice(0, at).search(/[^\s"'`,;()[\]{}<>|=]*$/)
  const cause = explainWords(first.slice(from, first.length - end), second.slice(from, second.length - end), pair)
  return cause === 'date' ? 'time' : cause
}
