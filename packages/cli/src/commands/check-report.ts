/** What a check found, for people and for programs. */
import { causeAdvice, type Excerpt } from '@assay/core'
import type { CheckReport, ShardCheck } from './check-shards.ts'

type ShownDifference = ShardCheck['differences'][number]

/** The report as one JSON object; each difference carries its advice. */
export function plainReport(report: CheckReport): unknown {
  return {
    ...report,
    shards: report.shards.map((shard) => ({
      ...shard,
      differences: shard.differences.map((one) => ({ ...one, fix: causeAdvice[one.cause].fix })),
    })),
  }
}

/** The report as lines, with advice where a cause appears first; the last line is the verdict. */
export function describeReport(report: CheckReport): readonly string[] {
  const { shards, conditions, notVaried, varied, more, proposal } = report
  const advised = new Set<string>()
  const different = shards.filter(({ same }) => !same).length
  const verdict =
    different === 0
      ? `reproducible: ${count(shards.length, 'shard')}, ${conditions.length} runs each, all equal`
      : `not reproducible: ${different} of ${count(shards.length, 'shard')} differ${different === 1 ? 's' : ''} between runs`
  return [
    ...shards.flatMap((shard) => describeShard(shard, conditions, advised)),
    `varied: ${varied.join(', ')}; not varied: ${notVaried.length === 0 ? 'nothing' : notVaried.join(', ')}`,
    ...(more ? ['there are more shards; --all checks every one'] : []),
    ...(report.reproducible ? [] : [`grade: ${report.grade}. ${proposal}`]),
    verdict,
  ]
}

function describeShard(
  { name, same, grade, files, differences, omitted }: ShardCheck,
  conditions: CheckReport['conditions'],
  advised: Set<string>,
): readonly string[] {
  if (same) return [`${name}  same`]
  return [
    `${name}  DIFFERENT, ${grade}`,
    ...differences.flatMap((one) => {
      const lines = describeDifference(one, conditions)
      if (advised.has(one.cause)) return lines
      advised.add(one.cause)
      return [...lines, `    fix: ${causeAdvice[one.cause].fix}`]
    }),
    ...files.flatMap(describeGrade),
    ...(omitted === 0 ? [] : [`  and ${omitted} more files or directories`]),
  ]
}

/** How far apart the numbers of a file are, where they are all that differs. */
function describeGrade({ path, grade, largest }: ShardCheck['files'][number]): readonly string[] {
  if (largest === undefined || largest.absolute === 0) return []
  const where = path === '' ? 'standard output' : `/out/${path}`
  const { absolute, relative } = largest
  return [
    `  ${where}, ${grade}: numbers at most ${absolute.toPrecision(3)} apart, ${relative.toPrecision(3)} of their size`,
  ]
}

function describeDifference(one: ShownDifference, conditions: CheckReport['conditions']): readonly string[] {
  const { first, second, detail, run } = one
  const places = one.count > 1 ? `, in ${one.count} places` : ''
  const own = conditions[run - 1]
  return [
    `  ${whatDiffers(one)}: ${causeAdvice[one.cause].title}${places}`,
    ...(first === undefined ? [] : [describeValue(1, first)]),
    ...(second === undefined ? [] : [describeValue(run, second)]),
    ...(detail === undefined ? [] : detail.split('\n').map((line) => `    ${line}`)),
    ...(detail === undefined || own === undefined ? [] : [`    ${describeConditions(own)}`]),
  ]
}

const describeConditions = ({ hostname, locale, timeZone, cpuCount, inputOrder }: CheckReport['conditions'][number]) =>
  `it had host name ${hostname}, locale ${locale}, time zone ${timeZone}, ${count(cpuCount, 'core')}, inputs ${inputOrder}`

function whatDiffers({ kind, path, offset, run }: ShownDifference): string {
  const where = path === '' ? 'standard output' : `/out/${path}`
  switch (kind) {
    case 'content':
      return `${where}, byte ${offset ?? 0}`
    case 'missing':
      return `${where} is missing in run ${run}`
    case 'extra':
      return `${where} is there in run ${run} only`
    case 'type':
      return `${where} is a file in one run and a directory in the other`
    case 'mode':
      return `${where} is executable in one run only`
    case 'failure':
      return `run ${run} failed where run 1 succeeded`
  }
}

const describeValue = (run: number, { hex, text, offset }: Excerpt): string =>
  hex === '' ? `    run ${run}  ends here, after ${offset} bytes` : `    run ${run}  "${text}"  ${hex}`

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`
