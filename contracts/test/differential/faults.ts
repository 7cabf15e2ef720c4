/** Rules of the model turned around one at a time, to prove that the differential test would see it. */
import { type ApplyAction, type Outcome, applyAction } from '../model/apply-action.ts'
import { type Market, type Setting, add, put, withDisputes, withEscrow, withStakes } from '../model/market.ts'
import { revert } from '../model/revert.ts'
import type { Action, CallName } from '../support/actions.ts'

export interface Fault {
  readonly name: string
  readonly apply: ApplyAction
  /** Where to look for it. */
  readonly theme: readonly string[]
}

type Change = (market: Market, before: Market, action: Action) => Market

/** Some calls see another time. */
const late = (calls: readonly CallName[], seconds: number): ApplyAction =>
  forCalls(calls, (market, action) => {
    const outcome = applyAction(market, { ...action, at: action.at + seconds })
    return { ...outcome, market: { ...outcome.market, now: action.at } }
  })

/** Some calls see another setting. */
const set = (calls: readonly CallName[], changes: Partial<Setting>): ApplyAction =>
  forCalls(calls, (market, action) => {
    const outcome = applyAction({ ...market, setting: { ...market.setting, ...changes } }, action)
    return { ...outcome, market: { ...outcome.market, setting: market.setting } }
  })

/** Some calls leave something else behind. */
const then = (calls: readonly CallName[], change: Change): ApplyAction =>
  forCalls(calls, (market, action) => {
    const outcome = applyAction(market, action)
    if (outcome.revert !== undefined) return outcome
    return { ...outcome, market: change(outcome.market, market, action) }
  })

function forCalls(calls: readonly CallName[], apply: ApplyAction): ApplyAction {
  return (market, action) => (calls.includes(action.call) ? apply(market, action) : applyAction(market, action))
}

export const FAULTS: readonly Fault[] = [
  { name: 'an order can be settled at settleBy', apply: late(['escrow.settle'], -1), theme: ['orders', 'settling'] },
  { name: 'a refund comes a second early', apply: late(['escrow.refund'], 1), theme: ['orders', 'exits'] },
  {
    name: 'stake leaves a second early',
    apply: set(['stakes.requestUnbond'], { unbondingDelay: 11 * 86_400 - 1 }),
    theme: ['operators'],
  },
  {
    name: 'the daily cap does not bind',
    apply: set(['disputes.finalizeVerdict'], { dailySlashCap: 2n ** 64n }),
    theme: ['orders', 'verdicts'],
  },
  {
    name: 'the dust of a slash goes to the client',
    apply: then(['disputes.proveEquivocation', 'disputes.proveConflictingAudits'], withDustForClient),
    theme: ['orders', 'proofs'],
  },
  {
    name: 'the bond of a refused appeal goes back',
    apply: then(['disputes.submitRuling'], withBondReturned),
    theme: ['orders', 'verdicts'],
  },
  {
    name: 'a verdict holds no stake',
    apply: then(['disputes.submitVerdict'], withoutHolds),
    theme: ['orders', 'verdicts'],
  },
  {
    name: 'a tab keeps its generation through an exit',
    apply: then(['escrow.finishTabExit'], withOldGeneration),
    theme: ['tabs'],
  },
  { name: 'a used order id can be used again', apply: forCalls(['escrow.fund'], reopened), theme: ['orders', 'exits'] },
  {
    name: 'anyone sweeps what can still fund its order',
    apply: forCalls(['escrow.sweepToClient'], asClient),
    theme: ['deposits'],
  },
  {
    name: 'a stopped intake holds refunds up',
    apply: forCalls(['escrow.refund'], heldUp),
    theme: ['orders', 'exits', 'intake', 'settling'],
  },
]

function withDustForClient(market: Market, _: Market, { args }: Action): Market {
  const { fund, credit } = market.disputes
  const terms = args[1] as { client: `0x${string}` }
  return fund === 0n ? market : withDisputes(market, { fund: fund - 1n, credit: add(credit, terms.client, 1n) })
}

function withBondReturned(market: Market, before: Market, { args }: Action): Market {
  const gain = market.disputes.fund - before.disputes.fund
  const verdict = market.disputes.verdicts.get(args[0] as `0x${string}`)
  if (gain === 0n || verdict === undefined) return market
  return withDisputes(market, {
    fund: before.disputes.fund,
    credit: add(market.disputes.credit, verdict.appellant, gain),
  })
}

function withoutHolds(market: Market, before: Market): Market {
  return withStakes(market, { operators: before.stakes.operators })
}

function withOldGeneration(market: Market, before: Market, { args }: Action): Market {
  const key = args.map(String).join('/')
  const [tab, old] = [market.escrow.tabs.get(key), before.escrow.tabs.get(key)]
  if (tab === undefined || old === undefined) return market
  return withEscrow(market, { tabs: put(market.escrow.tabs, key, { ...tab, generation: old.generation }) })
}

/** As if settled and refunded orders had been deleted. */
function reopened(market: Market, action: Action): Outcome {
  const orders = new Map([...market.escrow.orders].filter(([, { status }]) => status === 'funded'))
  const outcome = applyAction(withEscrow(market, { orders }), action)
  return outcome.revert === undefined ? outcome : { ...outcome, market: { ...market, now: action.at } }
}

function asClient(market: Market, action: Action): Outcome {
  if (action.call !== 'escrow.sweepToClient') return applyAction(market, action)
  return applyAction(market, { ...action, caller: action.args[0].client })
}

function heldUp(market: Market, action: Action): Outcome {
  const { stoppedUntil } = market.escrow.intake
  if (action.at >= stoppedUntil) return applyAction(market, action)
  return { market: { ...market, now: action.at }, revert: revert('escrow', 'IntakeClosed', stoppedUntil) }
}
