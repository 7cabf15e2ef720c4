import type {
  AttemptState,
  AttemptView,
  AuditFacts,
  DrawFacts,
  Finding,
  JobFacts,
  JobSpec,
  SlashFacts,
  UnixMs,
} from '@assay/protocol'
import { isAccepted } from '../verify/shard-judgement.ts'
import { blameOfError, verdictRows } from './blame-table.ts'
import { explainDraw } from './explain-draw.ts'
import { explainSlash } from './explain-slash.ts'
import { createFinding, timeText, type FindingSource } from './finding.ts'

/** Everything known of one attempt. */
export interface AttemptCase {
  readonly spec: Pick<JobSpec, 'priceUsdc' | 'determinism'>
  readonly view: AttemptView
  readonly commitByMs: UnixMs | undefined
  readonly draw: DrawFacts | undefined
  readonly audit: AuditFacts | undefined
  readonly slashes: readonly SlashFacts[]
  readonly facts: Pick<JobFacts, 'lastCallMs'>
  readonly source: FindingSource
}

/** What happened to one attempt, in order. */
export function explainAttempt(input: AttemptCase): readonly Finding[] {
  const { draw, audit, slashes, source, spec, view } = input
  const { provider, ratePpm } = view
  return [
    ...(draw === undefined ? [] : [explainDraw(draw, source)]),
    ...(audit === undefined ? [] : [explainAudit(audit, view, source)]),
    ...explainEnd(input),
    ...slashes.map((slash) =>
      explainSlash(slash, {
        provider,
        priceUsdc: spec.priceUsdc,
        ratePpm: draw?.ratePpm ?? ratePpm,
        // Whether a slash has landed is nowhere in the evidence of a job.
        source: source === 'evidence' ? 'aggregator' : source,
      }),
    ),
  ]
}

function explainAudit(audit: AuditFacts, { shard, attempt, provider }: AttemptView, source: FindingSource): Finding {
  const { reason, rounds, unopened } = audit
  const numbers: Record<string, string | number> = { reason, rounds: rounds.length }
  for (const [i, { seats, alternates, committed, opened }] of rounds.entries()) {
    numbers[`round${i}Seats`] = seats.length
    numbers[`round${i}Alternates`] = alternates.length
    numbers[`round${i}Committed`] = committed.length
    numbers[`round${i}Opened`] = opened.length
  }
  const why =
    reason === 'sampled'
      ? 'It was drawn'
      : `It was not drawn, but ${provider} was convicted, and then all of its work is audited`
  const who = rounds.map(({ committed, seats }, i) => {
    const standIns = committed.filter((validator) => !seats.includes(validator)).length
    const name = i === 0 ? 'one validator' : `a panel of ${seats.length}`
    return `${name} (${committed.length} answered${standIns > 0 ? `, ${standIns} as alternate` : ''})`
  })
  const panel = rounds.length > 1 ? '; the panel sat because the first result differed' : ''
  return createFinding(
    'audited',
    { shard, attempt },
    {
      what: `${why}; re-run blind by ${who.join(', then ')}${panel}${unopened ? '; the provider did not open its commit' : ''}.`,
      money: { text: 'Each validator that showed a result earns the audit fee, whatever it found.' },
      next: 'Nothing: the verdict follows from the results alone.',
      numbers,
      source,
    },
  )
}

/** Where the attempt stands now: waiting, failed, or judged. */
function explainEnd({ commitByMs, facts, source, spec, view }: AttemptCase): readonly Finding[] {
  const { shard, attempt, provider, state, code, verdict, detail } = view
  const about = { shard, attempt }
  if (verdict !== undefined) {
    const row = verdictRows[verdict]
    const kind = isAccepted(verdict) ? 'accepted' : 'rejected'
    const what = `Verdict on the result of ${provider}: ${verdict}.`
    return [createFinding(kind, about, { ...row, what, verdict, code, source })]
  }
  if (state === 'expired' || state === 'rejected') {
    const row = code === undefined ? undefined : blameOfError(code)
    const blame = view.blame ?? row?.blame
    const what = `${provider} failed${code === undefined ? '' : `: ${code}`}${row === undefined ? '' : `, in ${row.phase}`}.`
    const next = row?.next ?? 'Wait: the shard goes to another provider while time remains.'
    // A provider's own words stay out of the sentence: they are shown as what they are.
    const numbers = detail === undefined ? {} : { detail: detail.slice(0, 100) }
    return [
      createFinding('failed', about, { what, blame, money: row?.money ?? 'retried', next, code, numbers, source }),
    ]
  }
  if (state === 'accepted')
    return [
      createFinding('accepted', about, {
        what: `The result of ${provider} is accepted.`,
        money: 'paid',
        next: 'Nothing.',
        source,
      }),
    ]
  const committed = state === 'committed' || state === 'auditing' || state === 'disputed'
  const untilMs = committed ? facts.lastCallMs : commitByMs
  const until = untilMs === undefined ? '' : `, until ${timeText(untilMs)}`
  const unjudged = spec.determinism === 'DX' && state === 'committed'
  return [
    createFinding('waiting', about, {
      what: unjudged ? `${provider} delivered; the client decides${until}.` : `${provider} ${doing[state]}${until}.`,
      money: { text: 'Its price stays in escrow until it is decided.' },
      next: unjudged
        ? 'Accept it with `assay job accept`; what is not accepted goes back from refundAt on.'
        : committed
          ? 'After that it is given up: nothing is charged for it, and the rest is settled.'
          : 'After that the shard goes to another provider.',
      numbers: untilMs === undefined ? { state } : { state, untilMs },
      source,
    }),
  ]
}

const doing: Readonly<Record<AttemptState, string>> = {
  offered: 'was offered the lease and has yet to sign it',
  leased: 'signed the lease and prepares',
  preparing: 'fetches image and inputs',
  executing: 'runs it',
  committed: 'committed; it waits for its epoch to close and for the seed',
  auditing: 'committed; a validator runs it again',
  disputed: 'committed; a panel runs it again',
  accepted: 'is done',
  rejected: 'is done',
  expired: 'is done',
}
