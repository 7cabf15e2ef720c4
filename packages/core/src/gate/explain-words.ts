/** Why two words differ. Every rule asks: are they the same, apart from what this cause changes? First match wins. */
import type { ConditionPair, DifferenceCause } from './difference.ts'
import { zoneFacts } from './gate-conditions.ts'
import { explainTimes, isDateName, isElapsed } from './time-words.ts'

/** `date`: part of a date whose cause the rest of the line decides. */
export type WordCause = DifferenceCause | 'date'

export interface WordContext extends ConditionPair {
  /** The word after it. */
  readonly unit?: string
}

export function explainWords(a: string, b: string, context: WordContext): WordCause {
  const { first, second } = context
  if (sameBut(a, [first.hostname], b, [second.hostname])) return 'host-name'
  if (sameBut(a, localeNames(first.locale), b, localeNames(second.locale))) return 'locale'
  if (sameBut(a, zoneFacts(first.timeZone).names, b, zoneFacts(second.timeZone).names)) return 'time-zone'
  const numbers = numberPair(a, b)
  const isCores = numbers?.[0] === String(first.cpuCount) && numbers[1] === String(second.cpuCount)
  const times = explainTimes(a, b, context)
  if (times !== undefined) return times
  if (isElapsed(a, b, context.unit)) return 'time'
  if (isCores) return 'threads'
  if (isDateName(a, b)) return 'date'
  if (isForeignName(a, b)) return 'locale'
  if (numbers !== undefined) return explainNumbers(...numbers)
  return looksRandom(a, b) ? 'randomness' : 'unknown'
}

/** Two words that are not equal agree once the names of each run are taken out. */
function sameBut(a: string, namesA: readonly string[], b: string, namesB: readonly string[]): boolean {
  const blank = (word: string, names: readonly string[]): string =>
    names.toSorted((x, y) => y.length - x.length).reduce((text, name) => text.replaceAll(name, '\0'), word)
  return blank(a, namesA) === blank(b, namesB)
}

const localeNames = (locale: string): readonly string[] => [locale, locale.split('.')[0] ?? locale]

/** A day or month in English here and in other letters there. */
const isForeignName = (a: string, b: string): boolean =>
  (isDateName(a, a) || isDateName(b, b)) && [a, b].every((word) => /^[A-Za-z\u0080-\u00ff.]+$/.test(word))

/** The two numbers, when the words are equal but for one number in each. */
function numberPair(a: string, b: string): readonly [string, string] | undefined {
  const numbers = /-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/g
  if (a.replaceAll(numbers, '\0') !== b.replaceAll(numbers, '\0')) return undefined
  const [inA, inB] = [a.match(numbers) ?? [], b.match(numbers) ?? []]
  const differing = inA.flatMap((text, i) => (text === inB[i] ? [] : [[text, inB[i] ?? ''] as const]))
  return differing.length === 1 ? differing[0] : undefined
}

function explainNumbers(a: string, b: string): DifferenceCause {
  const [x, y] = [Number(a), Number(b)]
  const isFloat = /[.eE]/.test(a + b)
  const apart = Math.abs(x - y) / Math.max(Math.abs(x), Math.abs(y), Number.MIN_VALUE)
  if (isFloat && apart < floatNoise) return 'float'
  const digits = Math.min(digitsOf(a), digitsOf(b))
  if (isFloat) return digits >= randomFloatDigits ? 'randomness' : 'unknown'
  return Math.max(digitsOf(a), digitsOf(b)) >= randomDigits && apart > measuredNoise ? 'randomness' : 'unknown'
}

const digitsOf = (text: string): number => text.replaceAll(/\D/g, '').length
/** Rounding in single precision, summed up; random numbers are nearly never this close. */
const floatNoise = 1e-5
/** Fewer digits are measurements. */
const randomFloatDigits = 5
/** Fewer digits are counts. */
const randomDigits = 3
/** Free memory, sizes and counters move by less between two runs. */
const measuredNoise = 0.02

/** UUIDs, hashes, tokens and temporary names: no words, and different nearly everywhere. */
function looksRandom(a: string, b: string): boolean {
  if (uuid.test(a) && uuid.test(b)) return true
  const [x, y] = middles(a, b)
  const size = Math.max(x.length, y.length)
  if (size < randomCharacters || Math.abs(x.length - y.length) > size / 4) return false
  if (!/^[\w+/=-]+$/.test(x) || !/^[\w+/=-]+$/.test(y)) return false
  const kinds = [/\d/, /[a-z]/, /[A-Z]/].filter((kind) => kind.test(x + y)).length
  if (kinds < 2) return false
  const same = Array.from({ length: size }, (_, i) => x[i] === y[i]).filter(Boolean).length
  return same <= size / 2
}

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/i
/** Shorter ones can be anything. */
const randomCharacters = 5

/** Without their common beginning and end. */
function middles(a: string, b: string): readonly [string, string] {
  const most = Math.min(a.length, b.length)
  let from = 0
  while (from < most && a[from] === b[from]) from += 1
  let end = 0
  while (end < most - from && a.at(-1 - end) === b.at(-1 - end)) end += 1
  return [a.slice(from, a.length - end), b.slice(from, b.length - end)]
}
