/** Counts what the sequences reached: functions, errors, and the situations that a reader would ask about. */
import { depositAddressOf } from '../model/deposits.ts'
import { orderIdOf } from '../model/digests.ts'
import type { Market, OrderTerms, VerdictRecord } from '../model/market.ts'
import { balanceOf } from '../model/token.ts'
import type { Action } from '../support/actions.ts'
import type { Step } from './play.ts'

export interface Tally {
  sequences: number
  actions: number
  succeeded: number
  /** By call: how often it went through, and by error how often not. */
  readonly calls: Map<string, { ok: number; readonly errors: Map<string, number> }>
  /** By contract and error. */
  readonly errors: Map<string, number>
  readonly situations: Map<string, number>
}

export function createTally(): Tally {
  return { sequences: 0, actions: 0, succeeded: 0, calls: new Map(), errors: new Map(), situations: new Map() }
}

export function count(tally: Tally, start: Market, steps: readonly Step[]): void {
  tally.sequences += 1
  let before = start
  for (const { action, outcome } of steps) {
    tally.actions += 1
    const call = tally.calls.get(action.call) ?? { ok: 0, errors: new Map<string, number>() }
    tally.calls.set(action.call, call)
    if (outcome.revert === undefined) {
      call.ok += 1
      tally.succeeded += 1
      for (const situation of situationsOf(before, action, outcome.market)) raise(tally.situations, situation)
    } else {
      const { by, name } = outcome.revert
      raise(call.errors, by === 'token' || by === 'panic' ? `${by}: ${name}` : name)
      raise(tally.errors, `${by}.${name}`)
    }
    before = outcome.market
  }
}

/** What must be met, beyond single calls and errors. */
export const SITUATIONS = [
  'an order settled in full',
  'an order settled with a rest',
  'an order settled for nothing',
  'orders and tabs in one batch',
  'a rest refunded',
  'an overdue order refunded',
  'a refund to credit',
  'a tab drawn while leaving',
  'a tab emptied by its exit',
  'a tab that an exit leaves a rest',
  'a tab exit cut short by draws',
  'a deposit with a surplus',
  'a surplus that the client cannot be sent',
  'a verdict appealed once',
  'a verdict appealed three times',
  'a ruling that turns the verdict',
  'a ruling that confirms it',
  'an acquittal carried out',
  'an appeal that nobody ruled on',
  'a slash spread over days',
  'a slash of less than was asked',
  'leaving stake slashed',
  'a proof while a verdict is pending',
] as const

type Situation = (typeof SITUATIONS)[number]

function situationsOf(before: Market, action: Action, after: Market): Situation[] {
  if (action.call.startsWith('disputes.')) return caseSituations(before, action, after)
  switch (action.call) {
    case 'escrow.settle':
      return settlements(before, after)
    case 'escrow.refund': {
      const overdue = [...after.escrow.orders].some(
        ([id, { status }]) => status === 'refunded' && before.escrow.orders.get(id)?.status === 'funded',
      )
      const credited = before.token === after.token
      return [
        overdue ? 'an overdue order refunded' : 'a rest refunded',
        ...(credited ? ['a refund to credit' as const] : []),
      ]
    }
    case 'escrow.finishTabExit':
      return exits(before, action.args.join('/'), after)
    case 'escrow.fundFromDepositAddress':
      return surplus(before, action.args[0], after)
    default:
      return []
  }
}

function exits(before: Market, key: string, after: Market): Situation[] {
  const [was, is] = [before.escrow.tabs.get(key), after.escrow.tabs.get(key)]
  if (was === undefined || is === undefined) return []
  const cut = was.exiting > was.deposited - was.spent
  const rest: Situation = is.deposited === 0n ? 'a tab emptied by its exit' : 'a tab that an exit leaves a rest'
  return cut ? [rest, 'a tab exit cut short by draws'] : [rest]
}

function surplus(before: Market, terms: OrderTerms, after: Market): Situation[] {
  const box = depositAddressOf(after.setting, orderIdOf(after.setting, terms))
  if (balanceOf(before.token, box) === terms.maxAmount) return []
  const met: Situation[] = ['a deposit with a surplus']
  if (balanceOf(after.token, box) > 0n) met.push('a surplus that the client cannot be sent')
  return met
}

function settlements(before: Market, after: Market): Situation[] {
  const met: Situation[] = []
  for (const [id, { status, remaining }] of after.escrow.orders) {
    const was = before.escrow.orders.get(id)
    if (status !== 'settled' || was?.status !== 'funded') continue
    if (remaining === 0n) met.push('an order settled in full')
    else met.push(remaining === was.remaining ? 'an order settled for nothing' : 'an order settled with a rest')
  }
  const drawn = [...after.escrow.tabs].filter(([key, tab]) => before.escrow.tabs.get(key)?.spent !== tab.spent)
  if (drawn.length > 0 && met.length > 0) met.push('orders and tabs in one batch')
  if (drawn.some(([, { exitAt }]) => exitAt > 0)) met.push('a tab drawn while leaving')
  return met
}

function caseSituations(before: Market, action: Action, after: Market): Situation[] {
  const met: Situation[] = []
  for (const [address, { unbonding }] of after.stakes.operators)
    if (unbonding < (before.stakes.operators.get(address)?.unbonding ?? 0n)) met.push('leaving stake slashed')
  for (const [id, is] of after.disputes.verdicts) {
    const was = before.disputes.verdicts.get(id)
    if (is !== was) met.push(...verdictSituations(was, is, after))
  }
  const proof = action.call.startsWith('disputes.prove')
  if (proof && [...before.disputes.verdicts.values()].some(({ status }) => status === 'pending'))
    met.push('a proof while a verdict is pending')
  return met
}

function verdictSituations(was: VerdictRecord | undefined, is: VerdictRecord, after: Market): Situation[] {
  const met: Situation[] = []
  const slashed = after.stakes.operators.get(is.accused)
  const emptied = slashed !== undefined && slashed.active + slashed.unbonding === 0n
  if (is.status === 'final' && is.guilty && emptied) met.push('a slash of less than was asked')
  if (was === undefined) return met
  if (is.status === 'appealed' && is.round === 1) met.push('a verdict appealed once')
  if (is.status === 'appealed' && is.round === 3) met.push('a verdict appealed three times')
  const lapsed = was.status === 'appealed' && is.closesAt === was.closesAt
  if (lapsed) met.push('an appeal that nobody ruled on')
  if (was.status === 'appealed' && !lapsed)
    met.push(is.guilty === was.guilty ? 'a ruling that confirms it' : 'a ruling that turns the verdict')
  if (is.status === 'final' && !is.guilty) met.push('an acquittal carried out')
  if (is.status === 'final' && was.collected > 0n) met.push('a slash spread over days')
  return met
}

function raise(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

/** One line for each call, then one for each situation. */
export function formatTally({ calls, situations }: Tally): string[] {
  const rows = [...calls]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([call, { ok, errors }]) => {
      const named = [...errors].toSorted(([, a], [, b]) => b - a).map(([error, times]) => `${error} ${times}`)
      return `${call.padEnd(36)} ok ${String(ok).padStart(6)}   ${named.join(', ')}`
    })
  return [
    ...rows,
    ...[...situations]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, times]) => `${name.padEnd(39)} ${String(times).padStart(6)}`),
  ]
}
