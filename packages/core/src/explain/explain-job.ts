/**
 * Why a job is where it is: everything unmatched, failed, audited, slashed, refunded or waiting, with its numbers. Pure: the
 * same facts give the same findings, in an aggregator and in a client.
 */
import {
  formatUsdc,
  limits,
  subUsdcFloor0,
  toUnixMs,
  usdc,
  type AttemptView,
  type AuditFacts,
  type DrawFacts,
  type Finding,
  type JobFacts,
  type JobSpec,
  type JobView,
  type MatchFacts,
  type SlashFacts,
} from '@assay/protocol'
import { describeMatch } from './describe-match.ts'
import { explainAttempt } from './explain-attempt.ts'
import { createFinding, timeText, type FindingSource } from './finding.ts'

export interface ExplainInput {
  readonly spec: Pick<JobSpec, 'priceUsdc' | 'determinism' | 'shards'>
  readonly view: JobView
  readonly facts: JobFacts
  /** Only this shard, without the findings on the job as a whole. */
  readonly shard?: number
  /** On whose word each attempt's facts are; default the aggregator's. */
  readonly sourceOf?: (shard: number, attempt: number) => FindingSource
  /** On whose word `facts.order` is; default the aggregator's. */
  readonly orderSource?: FindingSource
}

/** Findings on the job first, then by shard and attempt, each attempt in the order of its life. */
export function explainJob(input: ExplainInput): readonly Finding[] {
  const { shard: only, spec, view } = input
  const attempts = Map.groupBy(view.attempts, ({ shard }) => shard)
  const known = indexFacts(input.facts)
  const shards = only === undefined ? spec.shards.keys() : [only]
  const findings = only === undefined ? [...explainWhole(input)] : []
  for (const shard of shards) {
    const tries = (attempts.get(shard) ?? []).toSorted((a, b) => a.attempt - b.attempt)
    findings.push(
      ...tries.flatMap((attempt) => explainTry(input, attempt, known)),
      ...explainShard(input, shard, tries, known),
    )
  }
  return findings
}

interface FactIndex {
  readonly deadlines: ReadonlyMap<string, JobFacts['deadlines'][number]>
  readonly draws: ReadonlyMap<string, DrawFacts>
  readonly audits: ReadonlyMap<string, AuditFacts>
  readonly slashes: ReadonlyMap<string, readonly SlashFacts[]>
  readonly matches: ReadonlyMap<number, MatchFacts>
}

const keyOf = ({ shard, attempt }: { readonly shard: number; readonly attempt: number }): string =>
  `${shard}/${attempt}`

function indexFacts({ deadlines, draws, audits, slashes, matches }: JobFacts): FactIndex {
  const by = <T extends { readonly shard: number; readonly attempt: number }>(list: readonly T[]) =>
    new Map(list.map((one) => [keyOf(one), one]))
  return {
    deadlines: by(deadlines),
    draws: by(draws),
    audits: by(audits),
    slashes: Map.groupBy(slashes, keyOf),
    matches: new Map(matches.map((match) => [match.shard, match])),
  }
}

function explainTry({ facts, sourceOf, spec }: ExplainInput, view: AttemptView, known: FactIndex): readonly Finding[] {
  const key = keyOf(view)
  return explainAttempt({
    spec,
    view,
    facts,
    commitByMs: known.deadlines.get(key)?.commitByMs,
    draw: known.draws.get(key),
    audit: known.audits.get(key),
    slashes: known.slashes.get(key) ?? [],
    source: sourceOf?.(view.shard, view.attempt) ?? 'aggregator',
  })
}

/** What a shard waits for, or that it gets no further attempt. */
function explainShard(
  { facts, view }: ExplainInput,
  shard: number,
  tries: readonly AttemptView[],
  known: FactIndex,
): readonly Finding[] {
  const idle = tries.every(({ state }) => state === 'expired' || state === 'rejected')
  if (!idle || view.state === 'funding') return []
  const over = view.state !== 'running' || facts.cancelled || facts.atMs >= facts.dispatchUntilMs
  const match = known.matches.get(shard)
  const found = match === undefined ? undefined : describeMatch(match)
  const counts = match === undefined ? {} : { known: match.known, ...match.counts }
  if (!over && !isFinal(tries))
    return [
      createFinding(
        'unmatched',
        { shard },
        {
          what: found?.what ?? 'It waits for a provider.',
          ...(match !== undefined && { code: 'no-providers' as const, blame: 'network' as const }),
          money: { text: 'Its price stays in escrow; it comes back when no provider takes it in time.' },
          next: `${found?.next ?? 'Wait.'} New attempts start until ${timeText(facts.dispatchUntilMs)}; after that it is given up.`,
          numbers: { ...counts, attempts: tries.length, untilMs: facts.dispatchUntilMs },
        },
      ),
    ]
  const last = tries.at(-1)
  const why =
    tries.length === 0 && found !== undefined
      ? `No provider took it. ${found.what}`
      : `None of ${tries.length} attempts was accepted${last?.code === undefined ? '' : `; the last one ended with ${last.code}`}.`
  const blame = last?.blame ?? (tries.length === 0 ? 'network' : undefined)
  const next = view.state === 'closed' ? 'Nothing: its money is back or can be refunded by anyone.' : refundWords(view)
  return [
    createFinding(
      'gave-up',
      { shard },
      { what: why, blame, money: 'returned', next, numbers: { ...counts, attempts: tries.length } },
    ),
  ]
}

/** No further attempt is made: all are used, it does not repeat, or two providers blame the job itself. */
const isFinal = (tries: readonly AttemptView[]): boolean =>
  tries.length >= limits.attemptsPerShard ||
  tries.some(({ verdict }) => verdict === 'nondeterministic') ||
  tries.filter(({ blame, state }) => blame === 'client' && state === 'expired').length >= 2

const refundWords = ({ terms }: JobView): string =>
  `Its money returns with the settlement; without one anyone can call refund from ${timeText(toUnixMs(terms.refundAt))} on.`

/** Findings on the order as a whole: where its money is, and who may move it when. */
function explainWhole(input: ExplainInput): readonly Finding[] {
  const { facts, view } = input
  return [
    ...explainState(input),
    ...(view.state === 'closed' ? explainClosed(view) : []),
    ...explainOrder(facts, input),
  ]
}

function explainState({ facts, spec, view }: ExplainInput): readonly Finding[] {
  const { settleBy, refundAt, maxAmount } = view.terms
  const numbers = { maxUsdc: formatUsdc(maxAmount), settleByMs: toUnixMs(settleBy), refundAtMs: toUnixMs(refundAt) }
  const money = { text: `${formatUsdc(maxAmount)} USDC are in escrow.` }
  const exit = `From ${timeText(toUnixMs(refundAt))} on anyone can call refund.`
  const settle = timeText(toUnixMs(settleBy))
  if (view.state === 'funding')
    return [
      createFinding(
        'waiting',
        {},
        {
          what: `The payment is on its way into escrow, until ${settle} at most.`,
          money: 'nothing',
          next: 'After that the job ends, and nothing was paid.',
          numbers,
        },
      ),
    ]
  if (view.state === 'running')
    return [
      createFinding(
        'waiting',
        {},
        {
          what: `${view.accepted} of ${view.shards} shards are accepted; the rest has until ${timeText(facts.lastCallMs)}.`,
          money,
          next:
            spec.determinism === 'DX'
              ? `Accept what was delivered with \`assay job accept\`, before ${settle}. ${exit}`
              : `After that what is undecided is given up and the rest is settled. ${exit}`,
          numbers,
        },
      ),
    ]
  if (view.state === 'settling')
    return [
      createFinding(
        'waiting',
        {},
        {
          what: `${view.accepted} of ${view.shards} shards are accepted; ${spec.determinism === 'DX' ? 'the client settles' : 'the quorum signs the settlement'}, until ${settle}.`,
          money,
          next: `After that nothing can be settled any more. ${exit}`,
          numbers,
        },
      ),
    ]
  return []
}

function explainClosed({ chargedUsdc, outcome, refundedUsdc, terms, accepted, shards }: JobView): readonly Finding[] {
  const charged = formatUsdc(chargedUsdc ?? usdc(0n))
  const returned = formatUsdc(refundedUsdc ?? subUsdcFloor0(terms.maxAmount, chargedUsdc ?? usdc(0n)))
  const numbers = { returnedUsdc: returned, accepted, shards, maxUsdc: formatUsdc(terms.maxAmount) }
  if (outcome === 'settled' || outcome === 'partial') {
    const what = `${accepted} of ${shards} shards were paid for: ${charged} USDC; ${returned} USDC came back.`
    const money = { text: 'Shards, audits and the fee were charged, and nothing else.' }
    return [
      createFinding(
        'settled',
        {},
        {
          what,
          money,
          next: 'Nothing: check the receipt with `assay receipt verify`.',
          numbers: { ...numbers, chargedUsdc: charged },
        },
      ),
    ]
  }
  const why = outcome === 'cancelled' ? 'The job was cancelled before anything was accepted' : 'Nothing was settled'
  return [
    createFinding(
      'refunded',
      {},
      {
        what: `${why}; ${returned} USDC came back or never left.`,
        blame: outcome === 'cancelled' ? 'client' : undefined,
        money: { text: 'Nothing was charged.' },
        next: 'Nothing.',
        numbers,
      },
    ),
  ]
}

/** What the chain says of the order, when it says that money can be taken back now. */
function explainOrder({ atMs, order }: JobFacts, { orderSource, view }: ExplainInput): readonly Finding[] {
  if (order === undefined) return []
  const { status, remainingUsdc } = order
  const due = status === 'settled' || (status === 'funded' && atMs >= toUnixMs(view.terms.refundAt))
  if (!due || remainingUsdc === 0n) return []
  const amount = formatUsdc(remainingUsdc)
  return [
    createFinding(
      'refund-due',
      {},
      {
        what: `${amount} USDC of the order are free to go back to the client, ${status === 'settled' ? 'left over by the settlement' : 'since nothing was settled in time'}.`,
        money: { text: 'It goes to the client and to nobody else, whoever sends the call.' },
        next: 'Anyone can send it now: `assay job refund`.',
        numbers: { remainingUsdc: amount, status },
        source: orderSource ?? 'aggregator',
      },
    ),
  ]
}
