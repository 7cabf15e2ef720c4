/** Plays the same actions on the model and on the chain, and says where they part. */
import { type Hex, decodeErrorResult } from 'viem'

import type { ApplyAction, Outcome } from '../model/apply-action.ts'
import type { Market } from '../model/market.ts'
import { type Action, type CallName, encodeAnswer, encodeRevert, everyAbi } from '../support/actions.ts'
import type { ChainSide } from './chain-side.ts'
import { compareViews } from './observation.ts'

/** An action and what the model makes of it. */
export interface Step {
  readonly action: Action
  readonly outcome: Outcome
  /** What is compared after it, besides its own outcome. The last step of all is compared at least in part. */
  readonly look: 'nothing' | 'changes' | 'everything'
}

/** Where model and chain part. */
export interface Mismatch {
  /** Position of the action after which it shows. */
  readonly at: number
  readonly model: string
  readonly chain: string
}

/** The model's side alone. */
export function foresee(
  market: Market,
  actions: readonly Action[],
  { apply, look }: { apply: ApplyAction; look: Step['look'] },
): Step[] {
  let before = market
  return actions.map((action) => {
    const outcome = apply(before, action)
    before = outcome.market
    return { action, outcome, look }
  })
}

/** The chain's side, which starts where the model did. `undefined` if it does all that the model foresees. */
export async function follow(chain: ChainSide, start: Market, steps: readonly Step[]): Promise<Mismatch | undefined> {
  for (const [at, { action, outcome, look }] of steps.entries()) {
    const answer = await chain.perform(action, outcome.revert === undefined)
    const expected = bytesOf(action.call, outcome)
    const asExpected = answer.ok === (outcome.revert === undefined) && (answer.data ?? expected) === expected
    if (!asExpected) {
      const model = describe(outcome.revert === undefined, expected)
      return { at, model, chain: describe(answer.ok, answer.data ?? '0x') }
    }
    if (look === 'nothing') continue
    const since = look === 'changes' ? start : undefined
    const [difference] = await compareViews(chain, outcome.market, since)
    if (difference === undefined) continue
    const { view, model, chain: seen } = difference
    return { at, model: `${view} = ${model}`, chain: `${view} = ${seen}` }
  }
  return undefined
}

const bytesOf = (call: CallName, outcome: Outcome): Hex =>
  outcome.revert === undefined ? encodeAnswer(call, outcome.answer) : encodeRevert(outcome.revert)

function describe(ok: boolean, data: Hex): string {
  if (ok) return `goes through, returns ${data}`
  try {
    const { errorName, args = [] } = decodeErrorResult({ abi: everyAbi, data })
    return `reverts with ${errorName}(${args.map(String).join(', ')})`
  } catch {
    return `reverts with ${data}`
  }
}
