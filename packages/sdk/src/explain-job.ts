/** Where every shard is, and where its money is. Pure: from a view of the job, which `findOut` has corrected by evidence. */
import {
  errorTable,
  type Address,
  type AttemptState,
  type AttemptView,
  type Blame,
  type ErrorCode,
  type JobOutcome,
  type JobState,
  type JobView,
  type OrderId,
  type ShardVerdict,
  type Stage,
  type UnixMs,
} from '@assay/protocol'

/**
 * Where a shard's price is. `reserved`: in escrow, undecided. `payable`: its provider earned it, the settlement is to come.
 * `paid`: settled. `refundable`: nobody earned it, it returns with the settlement or at `refundAt`. `refunded`: returned.
 */
export type MoneyState = 'reserved' | 'payable' | 'paid' | 'refundable' | 'refunded'

export interface AttemptExplanation {
  readonly attempt: number
  readonly provider: Address
  readonly state: AttemptState
  readonly verdict: ShardVerdict | undefined
  /** Share of such commits that is audited, in parts per million, once frozen. */
  readonly ratePpm: number | undefined
  readonly auditors: readonly Address[]
  /** Why it failed, when it did: the code, the stage it failed in, whose fault it was. */
  readonly code: ErrorCode | undefined
  readonly stage: Stage | undefined
  readonly blame: Blame | undefined
  /** Peer-supplied text, at most 2000 characters: for people, never for decisions. */
  readonly detail: string | undefined
  readonly money: string
  readonly next: string
  readonly atMs: UnixMs
}
export interface ShardExplanation {
  readonly shard: number
  readonly name: string
  readonly money: MoneyState
  /** What happens now, or what the caller can do. */
  readonly next: string
  readonly attempts: readonly AttemptExplanation[]
}
export interface JobExplanation {
  readonly orderId: OrderId
  readonly state: JobState
  readonly outcome: JobOutcome | undefined
  readonly shards: readonly ShardExplanation[]
}

/** Sums up every shard of a job, in order. `names` are the shards' names. */
export function explainJob(view: JobView, names: readonly string[]): JobExplanation {
  const byShard = Map.groupBy(view.attempts, (attempt) => attempt.shard)
  const shards = names.map((name, shard) => {
    const attempts = (byShard.get(shard) ?? []).toSorted((a, b) => a.attempt - b.attempt)
    const money = moneyOf(view, attempts)
    return { shard, name, money, next: nextOf(view, money, attempts), attempts: attempts.map(explainAttempt) }
  })
  return { orderId: view.orderId, state: view.state, outcome: view.outcome, shards }
}

function explainAttempt(view: AttemptView): AttemptExplanation {
  const row = view.code === undefined ? undefined : errorTable[view.code]
  return {
    attempt: view.attempt,
    provider: view.provider,
    state: view.state,
    verdict: view.verdict,
    ratePpm: view.ratePpm,
    auditors: view.auditors ?? [],
    code: view.code,
    stage: row?.stage,
    blame: view.blame ?? row?.blame,
    detail: view.detail,
    money: moneyRule(view),
    next: row?.next ?? nextOfState[view.state],
    atMs: view.atMs,
  }
}

/** The money rule of one attempt: it follows from the verdict, else from the state alone. */
function moneyRule({ state, verdict }: AttemptView): string {
  if (verdict !== undefined) return moneyOfVerdict[verdict]
  if (state === 'accepted') return moneyOfVerdict.passed
  if (state === 'rejected' || state === 'expired') return 'Nothing is charged for it.'
  return 'Its price stays in escrow until it is decided.'
}

const moneyOfVerdict: Record<ShardVerdict, string> = {
  unsampled: 'The provider earns the price; it was not drawn for an audit.',
  passed: 'The provider earns the price, the validator its fee.',
  'provider-right': 'The provider earns the price; the validator that disagreed was wrong.',
  'provider-fault': 'Nothing is charged for it; the provider loses stake.',
  'both-wrong': 'Nothing is charged for it; provider and validator were both wrong.',
  nondeterministic:
    'Nothing is charged for it and nobody is slashed: the job does not repeat. Run `assay check` on it.',
}

const nextOfState: Record<AttemptState, string> = {
  offered: 'The provider accepts or declines within seconds.',
  leased: 'The provider prepares; past its deadline the shard goes to another one.',
  preparing: 'The provider fetches image and inputs; past its deadline the shard goes to another one.',
  executing: 'The provider runs it; past its deadline the shard goes to another one.',
  committed: 'It waits for the epoch to close and for the draw.',
  auditing: 'A validator runs it again, blind.',
  disputed: 'A panel of three runs it again, blind.',
  accepted: 'The result is ready.',
  rejected: 'The shard goes to another provider while time remains.',
  expired: 'The shard goes to another provider while time remains.',
}

function moneyOf({ state, outcome }: JobView, attempts: readonly AttemptView[]): MoneyState {
  const accepted = attempts.some((attempt) => attempt.state === 'accepted')
  if (state === 'closed') return accepted && (outcome === 'settled' || outcome === 'partial') ? 'paid' : 'refunded'
  if (accepted) return 'payable'
  return state === 'settling' ? 'refundable' : 'reserved'
}

function nextOf({ state, terms }: JobView, money: MoneyState, attempts: readonly AttemptView[]): string {
  if (state === 'closed') return money === 'paid' ? 'Nothing: the result is yours.' : 'Nothing: its money is back.'
  if (state === 'funding') return 'The payment is on its way into escrow.'
  const last = attempts.at(-1)
  if (money === 'payable') return 'It is settled with the rest of the job; the result can be read already.'
  if (money === 'refundable')
    return `Its money returns with the settlement, or to anyone's call at second ${terms.refundAt}.`
  return last === undefined ? 'It waits for a free provider.' : nextOfState[last.state]
}
