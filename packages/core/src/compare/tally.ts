/** Counts the numbers and texts of two files against the limits; the arithmetic that SPEC.md section 12 defines. */
import type { Comparison, ComparisonReason, ValueDifference } from './comparator.ts'
import { limits } from './limits.ts'
import type { NumericTolerance } from './read-tolerance.ts'

/** Where something stands, in the parts that `showPlace` makes text of: millions are looked at, eight are shown. */
export type Place = readonly (string | number)[]

export interface Tally {
  /**
   * Takes one number of each file. Only the four operations of binary64 are used, in the order of the calls, so every
   * machine counts alike. `gap`: |a − b| where the two are not exact as binary64.
   */
  number(a: number, b: number, place: () => Place, gap?: number): void
  /** Takes two texts, which must be equal. */
  text(a: string, b: string, place: () => Place): void
  /** Notes that the files are not built alike. */
  structure(a: string, b: string, place: () => Place): void
  end(): Comparison
}

export function createTally(tolerance: NumericTolerance, showPlace: (place: Place) => string): Tally {
  const { absolute, relative, outlierPpm, outlierFactor } = tolerance
  const shown = createShown(showPlace)
  const norms = createNorms(tolerance.l2)
  let numbers = 0
  let outliers = 0
  let far = 0
  let texts = 0
  let structures = 0
  return {
    number(a, b, place, exactGap) {
      numbers += 1
      const gap = exactGap ?? gapOf(a, b)
      norms.add(a, b, gap)
      if (gap === 0) return
      shown.add(gap, [a, b], place)
      const limit = absolute + relative * Math.max(Math.abs(a), Math.abs(b))
      // An infinite number makes its own limit infinite: no gap of it is ever within.
      if (!Number.isFinite(gap) || gap > outlierFactor * limit) far += 1
      else if (gap > limit) outliers += 1
    },
    text(a, b, place) {
      if (a === b) return
      texts += 1
      shown.add(Infinity, [a, b], place)
    },
    structure(a, b, place) {
      structures += 1
      shown.add(Infinity, [a, b], place)
    },
    end() {
      const reason = ((): ComparisonReason | undefined => {
        if (structures > 0) return 'structure'
        if (texts > 0) return 'text'
        if (far > 0) return 'number'
        if (outliers * 1_000_000 > outlierPpm * numbers) return 'outliers'
        return norms.hold() ? undefined : 'l2'
      })()
      const counts = { numbers, outliers, far }
      return { equal: reason === undefined, ...(reason && { reason }), differences: shown.list(), counts }
    },
  }
}

/** 0 for equal numbers, −0 and 0, two NaN, two infinities of a sign; infinite where one is not finite or it overflows. */
function gapOf(a: number, b: number): number {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return 0
  const gap = Math.abs(a - b)
  return Number.isNaN(gap) ? Infinity : gap
}

/** Sums of squares over everything that is finite in both, in order. */
function createNorms(l2: number | undefined) {
  let gaps = 0
  let first = 0
  let second = 0
  return {
    add(a: number, b: number, gap: number): void {
      if (l2 === undefined || !Number.isFinite(a) || !Number.isFinite(b)) return
      gaps += gap * gap
      first += a * a
      second += b * b
    },
    hold(): boolean {
      if (l2 === undefined || gaps === 0) return true
      return Number.isFinite(gaps) && gaps <= l2 * l2 * Math.max(first, second)
    },
  }
}

interface Shown {
  readonly gap: number
  readonly values: readonly [string | number, string | number]
  readonly place: Place
}

/** The largest differences; of equal ones the earlier stays. */
function createShown(showPlace: (place: Place) => string) {
  const kept: Shown[] = []
  return {
    add(gap: number, values: Shown['values'], place: () => Place): void {
      const last = kept.at(-1)
      if (last !== undefined && kept.length >= limits.differences && gap <= last.gap) return
      if (kept.length >= limits.differences) kept.pop()
      const at = kept.findIndex((one) => one.gap < gap)
      kept.splice(at < 0 ? kept.length : at, 0, { gap, values, place: place() })
    },
    list: (): readonly ValueDifference[] =>
      kept.map(({ gap, values: [first, second], place }) => ({
        place: cut(showPlace(place)),
        first: cut(String(first)),
        second: cut(String(second)),
        ...(Number.isFinite(gap) && { gap }),
      })),
  }
}

const cut = (text: string): string =>
  text.length <= limits.shownChars ? text : `${text.slice(0, limits.shownChars).toWellFormed()}…`
