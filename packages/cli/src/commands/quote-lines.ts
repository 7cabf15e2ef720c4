/** A quote as text: what it costs, and what verification buys for it. */
import { formatUsdc, type CheatOutlook, type PricedJob, type Quote } from '@assay/sdk'
import { formatTable } from '../table.ts'

/** One line, for a job that is about to be paid. */
export function quoteSummary({
  auditRateMaxPpm,
  auditRateMinPpm,
  maxUsdc,
  providers,
  quorum,
  stakeUsdc,
}: Quote): string {
  const cost = `quote: at most ${formatUsdc(maxUsdc)} USDC; ${providers} providers`
  if (quorum === undefined) return `${cost}; nobody audits class DX: you accept the results or take the money back`
  const rate =
    auditRateMinPpm === auditRateMaxPpm
      ? percent(auditRateMinPpm)
      : `${percent(auditRateMinPpm)} to ${percent(auditRateMaxPpm)}`
  return `${cost}, each with at least ${formatUsdc(stakeUsdc)} USDC at stake; audit rate ${rate}`
}

/** The whole quote, for a person who decides. */
export function quoteLines({ economics, quote, spec }: PricedJob): readonly string[] {
  const { auditBudgetUsdc, feeUsdc, maxUsdc, quorum, runMs, shardsUsdc, stakeTotalUsdc, stakeUsdc, terms } = quote
  const { auditsMaxUsdc, auditsMinUsdc, outlooks, surchargeMaxPpm, surchargeMinPpm } = economics
  const time = (seconds: number): string => new Date(seconds * 1000).toISOString()
  return [
    `at most ${formatUsdc(maxUsdc)} USDC: ${spec.shards.length} shards ${formatUsdc(shardsUsdc)}, audits up to ${formatUsdc(auditBudgetUsdc)}, fee ${formatUsdc(feeUsdc)}; what is not spent comes back`,
    `${quote.providers} providers, ${formatUsdc(stakeTotalUsdc)} USDC at stake together, ${formatUsdc(stakeUsdc)} at least`,
    `about ${Math.ceil(runMs / 1000)} s of work when nothing is tried again; settled before ${time(terms.settleBy)}, else refundable by anyone from ${time(terms.refundAt)}`,
    ...(quorum === undefined
      ? ['nobody audits class DX and nobody can be slashed: you accept the results, or the money comes back']
      : [
          `quorum ${quorum.id}: ${quorum.threshold} of ${quorum.members} validators, ${formatUsdc(quorum.stakeUsdc)} USDC of them online`,
          `audits on average ${range(formatUsdc(auditsMinUsdc), formatUsdc(auditsMaxUsdc))} USDC, ${range(percent(surchargeMinPpm), percent(surchargeMaxPpm))} of the price`,
          '',
          ...formatTable(
            [
              'providers',
              'stake USDC',
              'audited',
              'caught after',
              '95 % within',
              'a fake gains',
              'a conviction costs',
              'gain on average',
            ],
            outlooks.map(outlookRow),
          ),
          '',
          'A wrong result costs stake only where the job is certified reproducible; not opening a drawn commit always does.',
        ]),
  ]
}

const outlookRow = (one: CheatOutlook): readonly string[] => [
  String(one.providers),
  formatUsdc(one.stakeUsdc),
  percent(one.ratePpm),
  `${one.meanShards.toFixed(1)} shards`,
  `${one.shards95} shards`,
  formatUsdc(one.gainUsdc),
  formatUsdc(one.loseUsdc),
  signed(one.expectedGainUsdc),
]

const range = (low: string, high: string): string => (low === high ? low : `${low} to ${high}`)
const percent = (ppm: number): string => `${(ppm / 10_000).toFixed(ppm % 10_000 === 0 ? 0 : 2)} %`
/** Base units as whole USDC, with a sign when negative. */
function signed(base: bigint): string {
  const text = (base < 0n ? -base : base).toString().padStart(7, '0')
  return `${base < 0n ? '-' : ''}${text.slice(0, -6)}.${text.slice(-6)}`
}
