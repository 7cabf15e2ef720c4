/** Dates, clocks, epochs and durations in the output of programs. */
import type { ConditionPair } from './difference.ts'
import { zoneFacts } from './gate-conditions.ts'
import { limits } from './limits.ts'

type TimeCause = 'time' | 'time-zone' | 'date'

/** The cause when two words are the same apart from the times in them; `date` when only their dates differ. */
export function explainTimes(a: string, b: string, pair: ConditionPair): TimeCause | undefined {
  const [x, y] = [a.match(times) ?? [], b.match(times) ?? []]
  if (x.length === 0 || a.replaceAll(times, '\0') !== b.replaceAll(times, '\0')) return undefined
  const causes = x.map((text, i) => explainTime(text, y[i] ?? '', pair))
  if (causes.includes('none')) return undefined
  return (['time', 'time-zone', 'date'] as const).find((cause) => causes.includes(cause))
}

/** What the clocks on a line say of its dates: `time` when any of them ran on between the runs. */
export function lineClock(
  words: readonly (readonly [string, string])[],
  pair: ConditionPair,
): 'time' | 'time-zone' | undefined {
  const causes = words.map(([a, b]) => explainTimes(a, b, pair))
  if (causes.includes('time')) return 'time'
  return causes.includes('time-zone') ? 'time-zone' : undefined
}

/** Both are English names of days or of months. */
export const isDateName = (a: string, b: string): boolean => dateName.test(a) && dateName.test(b)

/** Durations: `12ms`, `0m0.31s`, or a number before its unit. */
export function isElapsed(a: string, b: string, unit: string | undefined): boolean {
  if (duration.test(a) && a.replace(duration, '\0') === b.replace(duration, '\0')) return true
  return unit !== undefined && timeUnit.test(unit) && [a, b].every((word) => /^\d+(?:\.\d+)?$/.test(word))
}

const epoch = String.raw`(?<![\w.])1\d{9}(?:\d{3}|\d{6}|\d{9})?(?:\.\d+)?(?!\d)`
const date = String.raw`(?<!\d)(?:\d{4}([-/.])\d{1,2}\1\d{1,2}|\d{1,2}([-/.])\d{1,2}\2\d{4}|(?:19|20)\d{2}[01]\d[0-3]\d)(?!\d)`
const clock = String.raw`(?<!\d)\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?(?![\d:])`
const compactClock = String.raw`(?<=\d{8}[T_-])\d{6}(?!\d)`
const times = new RegExp([epoch, compactClock, date, clock].join('|'), 'g')
const duration = /(?<![\w.])(?:\d+m)?\d+(?:\.\d+)?(?:ns|us|\u00c2\u00b5s|ms|s|secs?)(?!\w)/
const timeUnit = /^(?:ns|us|ms|s|secs?|seconds?|minutes?|(?:nano|micro|milli)seconds?)[.:]?$/
const dateName =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|January|February|March|April|June|July|August|September|October|November|December)[.,:]?$/

/** `same`: equal. `none`: no time after all. */
function explainTime(a: string, b: string, pair: ConditionPair): TimeCause | 'same' | 'none' {
  if (a === b) return 'same'
  if (a.includes(':') && b.includes(':')) return explainClock(a, b, pair)
  const [x, y] = [epochSeconds(a), epochSeconds(b)]
  if (x !== undefined && y !== undefined) return Math.abs(x - y) <= limits.clockSpanS ? 'time' : 'none'
  if (x !== undefined || y !== undefined) return 'none'
  return /^\d{6}$/.test(a) ? explainClock(spread(a), spread(b), pair) : 'date'
}

/** The same instant in another zone, or another instant. */
function explainClock(a: string, b: string, { first, second }: ConditionPair): 'time' | 'time-zone' {
  const [x, y] = [readClock(a), readClock(b)]
  const shift = (((y.minutes - x.minutes) % day) + day) % day
  const shifts = zoneFacts(first.timeZone).offsets.flatMap((from) =>
    zoneFacts(second.timeZone).offsets.map((to) => (((to - from) % day) + day) % day),
  )
  const isSame = x.seconds === y.seconds && (shifts.includes(shift) || (shift === 0 && x.zone !== y.zone))
  return isSame ? 'time-zone' : 'time'
}

const day = 24 * 60

function readClock(text: string): { readonly minutes: number; readonly seconds: string; readonly zone: string } {
  const [, hours, minutes, seconds, zone] = /^(\d+):(\d+)(?::([\d.,]+))?(.*)$/.exec(text) ?? []
  return { minutes: Number(hours) * 60 + Number(minutes), seconds: seconds ?? '', zone: zone ?? '' }
}

/** `163005` as `16:30:05`. */
const spread = (digits: string): string => digits.replace(/^(..)(..)(..)$/, '$1:$2:$3')

/** Seconds since 1970 of a number in seconds, milli-, micro- or nanoseconds; `undefined` for what is no such number. */
function epochSeconds(text: string): number | undefined {
  const whole = /^1\d{9}(\d{0,9})(?:\.\d+)?$/.exec(text)
  return whole === null ? undefined : Number(text) / 10 ** (whole[1] ?? '').length
}
