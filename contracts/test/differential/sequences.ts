/** Random sequences of actions, each from its own seed. */
import { type SeededRng, createSeededRng } from '../../../packages/testkit/src/seeded-rng.ts'
import type { ApplyAction } from '../model/apply-action.ts'
import type { Market } from '../model/market.ts'
import type { Action } from '../support/actions.ts'
import { VERDICT_MOVES } from './dispute-moves.ts'
import { DEPOSIT_MOVES, EXIT_MOVES, ORDER_MOVES } from './order-moves.ts'
import type { Step } from './play.ts'
import { PROOF_MOVES } from './proof-moves.ts'
import { DAY, HOUR, type Move, type Plan, type Scene, somebody } from './scene.ts'
import { SETTLE_MOVES } from './settle-moves.ts'
import { OPERATOR_MOVES, PAYOUT_MOVES, QUORUM_MOVES } from './stake-moves.ts'
import { TAB_MOVES } from './tab-moves.ts'
import { INTAKE_MOVES, TOKEN_MOVES } from './token-moves.ts'

const LEAST_ACTIONS = 8
const MOST_ACTIONS = 32

interface Choice {
  readonly move: Move
  readonly weight: number
}

/** How often each move is tried, before a sequence's theme. Most moves find nothing to do in most states. */
const GROUPS: Readonly<Record<string, readonly Choice[]>> = {
  orders: weighed(ORDER_MOVES, {
    fund: 8,
    fundWithAuthorization: 8,
    fundMany: 3,
    fundOne: 0.2,
    cancelAuthorization: 0.7,
  }),
  settling: weighed(SETTLE_MOVES, { settle: 10, settleByClient: 4 }),
  exits: weighed(EXIT_MOVES, { refund: 5, withdrawEarnings: 3, withdrawCredit: 3 }),
  tabs: weighed(TAB_MOVES, { topUpTab: 4, topUpTabWithAuthorization: 3, startTabExit: 3, finishTabExit: 5 }),
  deposits: weighed(DEPOSIT_MOVES, {
    deposit: 5,
    fundFromDepositAddress: 6,
    sweep: 4,
    askDepositAddress: 0.5,
    flush: 0.5,
  }),
  operators: weighed(OPERATOR_MOVES, {
    register: 2,
    updateProfile: 1,
    stake: 2,
    stakeWithAuthorization: 2,
    requestUnbond: 3,
    finishUnbond: 2,
    cancelUnbond: 1,
    meddle: 0.4,
  }),
  payouts: weighed(PAYOUT_MOVES, { requestPayoutChange: 1.5, finishPayoutChange: 1.2, cancelPayoutChange: 0.7 }),
  quorums: weighed(QUORUM_MOVES, { createQuorum: 2, verify: 1 }),
  verdicts: weighed(VERDICT_MOVES, {
    submitVerdict: 4,
    submitValidatorVerdict: 4,
    appeal: 14,
    submitRuling: 25,
    finalizeVerdict: 7,
  }),
  proofs: weighed(PROOF_MOVES, { proveEquivocation: 1.5, proveConflictingAudits: 1.5, proveConflictingBatches: 2 }),
  token: weighed(TOKEN_MOVES, { transfer: 0.5, approve: 0.8, pause: 1, blacklist: 1 }),
  intake: weighed(INTAKE_MOVES, { stopIntake: 0.8, resumeIntake: 3 }),
}

/** Groups of moves that a sequence can be about. */
const THEMES = [
  [],
  ['orders', 'settling', 'exits'],
  ['tabs', 'settling', 'exits'],
  ['deposits', 'exits'],
  ['orders', 'verdicts'],
  ['verdicts', 'tabs', 'operators'],
  ['orders', 'proofs', 'verdicts', 'operators'],
  ['operators', 'payouts', 'quorums'],
  ['orders', 'intake', 'token', 'exits'],
] as const

function weighed<K extends string>(moves: Readonly<Record<K, Move>>, weights: Readonly<Record<K, number>>): Choice[] {
  return Object.keys(moves).map((name) => ({ move: moves[name as K], weight: weights[name as K] }))
}

/** Where a sequence begins, who foresees it, and, if it is not to be drawn, what it is about. */
export interface SequenceOptions {
  readonly start: Market
  readonly apply: ApplyAction
  readonly theme?: readonly string[] | undefined
}

/** The sequence of a seed, with what the model makes of every step. */
export function createSequence(seed: string, { start, apply, theme }: SequenceOptions): Step[] {
  const rng = createSeededRng(seed)
  const scene: Scene = { rng, market: start, drafts: [], past: [] }
  const choices = themed(theme ?? rng.pick(THEMES))
  const length = LEAST_ACTIONS + rng.below(MOST_ACTIONS - LEAST_ACTIONS + 1)
  const steps: Step[] = []
  while (steps.length < length) {
    const action = nextAction(scene, choices)
    const outcome = apply(scene.market, action)
    scene.market = outcome.market
    scene.past.push(action)
    steps.push({ action, outcome, look: lookAfter(rng, steps.length === length - 1) })
  }
  return steps
}

/** Something at the end of every sequence and now and then on the way; everything seldom, because it takes long. */
function lookAfter(rng: SeededRng, last: boolean): Step['look'] {
  if (!last && !rng.chance(0.03)) return 'nothing'
  return rng.chance(0.12) ? 'everything' : 'changes'
}

function themed(theme: readonly string[]): Choice[] {
  return Object.entries(GROUPS).flatMap(([name, choices]) =>
    choices.map(({ move, weight }) => ({ move, weight: theme.includes(name) ? weight * 6 : weight })),
  )
}

function nextAction(scene: Scene, choices: readonly Choice[]): Action {
  const { rng, past } = scene
  const again = rng.chance(0.02) && past.length > 0 ? rng.pick(past) : undefined
  if (again !== undefined) return { ...again, at: scene.market.now + pause(rng) }
  for (;;) {
    const plan = choose(rng, choices)(scene)
    if (plan !== undefined) return toAction(scene, plan)
  }
}

function toAction(scene: Scene, plan: Plan): Action {
  const { rng, market } = scene
  const at = plan.at ?? market.now + pause(rng)
  const caller = rng.chance(0.02) ? somebody(scene) : plan.caller
  const args = rng.chance(0.02) ? tampered(rng, plan.args) : plan.args
  return { at, caller, call: plan.call, args } as Action
}

/** How long nobody does anything. */
function pause(rng: SeededRng): number {
  const draw = rng.below(100)
  if (draw < 70) return 0
  if (draw < 92) return 1 + rng.below(10 * 60)
  return draw < 98 ? rng.below(12 * HOUR) : rng.below(2 * DAY)
}

function choose(rng: SeededRng, choices: readonly Choice[]): Move {
  const total = choices.reduce((sum, { weight }) => sum + weight, 0)
  let draw = (rng.below(1_000_000) / 1_000_000) * total
  for (const { move, weight } of choices) {
    draw -= weight
    if (draw < 0) return move
  }
  return rng.pick(choices).move
}

// ── Tampering ─────────────────────────────────────────────────────────────────────────────────────────────────────────

type Path = readonly (string | number)[]

/** The same arguments with one number or amount a unit off, whatever signatures stand over them. */
function tampered(rng: SeededRng, args: readonly unknown[]): readonly unknown[] {
  const paths = pathsOf(args)
  return paths.length === 0 ? args : (changed(args, rng.pick(paths), rng) as unknown[])
}

function pathsOf(value: unknown): Path[] {
  if (typeof value === 'bigint' || typeof value === 'number') return [[]]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => pathsOf(inner).map((path) => [key, ...path]))
}

function changed(value: unknown, [key, ...rest]: Path, rng: SeededRng): unknown {
  if (key === undefined) return off(value, rng)
  if (Array.isArray(value))
    return value.map((inner: unknown, i) => (String(i) === key ? changed(inner, rest, rng) : inner))
  const fields = value as Readonly<Record<string, unknown>>
  return { ...fields, [key]: changed(fields[key], rest, rng) }
}

/** One more or one less, within any type: nothing here is near the end of its bits without being at it. */
function off(value: unknown, rng: SeededRng): unknown {
  if (typeof value === 'bigint') return value > 0n && (rng.chance(0.5) || value > 2n ** 62n) ? value - 1n : value + 1n
  const number = Number(value)
  return number > 0 && (rng.chance(0.5) || number >= 255) ? number - 1 : number + 1
}
