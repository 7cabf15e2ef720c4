/** Many random sequences on several chains at once, and the shortest way to whatever comes out differently. */
import { type ApplyAction, applyAction } from '../model/apply-action.ts'
import { type Market, createMarket } from '../model/market.ts'
import type { Action } from '../support/actions.ts'
import { setUpActions } from './cast.ts'
import { type ChainSide, START, openChainSide } from './chain-side.ts'
import { compareViews } from './observation.ts'
import { type Mismatch, type Step, follow, foresee } from './play.ts'
import { createSequence } from './sequences.ts'

export interface RunOptions {
  /** One sequence for each. */
  readonly seeds: readonly string[]
  readonly apply: ApplyAction
  /** What sequences are about; drawn for each if not given. */
  readonly theme?: readonly string[]
  /** Told of every sequence that both sides agreed on, and of the market in which it began. */
  readonly onAgreed?: (steps: readonly Step[], start: Market) => void
}

/** A chain, and the market on it from which every sequence starts. */
interface Stage {
  readonly chain: ChainSide
  readonly start: Market
}

/** The names of a run's sequences. */
export const seedsOf = (run: string, sequences: number): string[] =>
  Array.from({ length: sequences }, (_, i) => `${run}/${i}`)

/** What model and chain disagreed on, with few actions left. */
export interface Failure {
  readonly seed: string
  readonly mismatch: Mismatch
  readonly actions: readonly Action[]
  /** How many actions the sequence had before it was shortened. */
  readonly length: number
}

/** While one chain works, this process thinks of what the others do next. */
const STAGES = 3
/** Then a chain has grown by some hundred megabytes, and a new one is quickly made. */
const SEQUENCES_PER_CHAIN = 250
/** Bounds shortening: each try replays a sequence. */
const MOST_TRIES = 300

/** Runs sequences on several chains until all have agreed or one has not. */
export async function runSequences(options: RunOptions): Promise<Failure | undefined> {
  const queue = [...options.seeds].toReversed()
  let failure: Failure | undefined
  async function work(): Promise<void> {
    while (queue.length > 0 && failure === undefined) {
      await using chain = await openChainSide()
      const stage = { chain, start: await setUp(chain) }
      for (let played = 0; played < SEQUENCES_PER_CHAIN && failure === undefined; played += 1) {
        const seed = queue.pop()
        if (seed === undefined) return
        const found = await play(stage, seed, options)
        failure ??= found
      }
    }
  }
  await Promise.all(Array.from({ length: STAGES }, work))
  return failure
}

/** Brings a new market to where sequences start, and checks that much on the way. */
async function setUp(chain: ChainSide): Promise<Market> {
  const deployed = createMarket(chain.setting, START)
  const steps = foresee(deployed, setUpActions(chain.setting, START), { apply: applyAction, look: 'nothing' })
  const mismatch = await follow(chain, deployed, steps)
  if (mismatch !== undefined) throw new Error(`setting up differs ${formatMismatch(mismatch)}`)
  const start = steps.at(-1)?.outcome.market ?? deployed
  const [difference] = await compareViews(chain, start)
  if (difference !== undefined) throw new Error(`set up, but ${JSON.stringify(difference)}`)
  await chain.keep()
  return start
}

async function play({ chain, start }: Stage, seed: string, options: RunOptions): Promise<Failure | undefined> {
  const { apply, theme, onAgreed } = options
  try {
    const steps = createSequence(seed, { start, apply, theme })
    const mismatch = await follow(chain, start, steps)
    await chain.reset()
    if (mismatch !== undefined) return await shortened({ chain, start }, apply, { seed, mismatch, steps })
    onAgreed?.(steps, start)
    return undefined
  } catch (cause) {
    throw new Error(`sequence ${seed} could not be played`, { cause })
  }
}

/** Leaves out what the difference does not need: halves first, then ever smaller parts, down to single actions. */
async function shortened(
  { chain, start }: Stage,
  apply: ApplyAction,
  found: { readonly seed: string; readonly mismatch: Mismatch; readonly steps: readonly Step[] },
): Promise<Failure> {
  let actions = found.steps.slice(0, found.mismatch.at + 1).map(({ action }) => action)
  let mismatch = found.mismatch
  // What showed it, shows it again.
  const look = found.steps[mismatch.at]?.look ?? 'changes'
  let tries = 0
  for (
    let size = Math.ceil(actions.length / 2);
    size >= 1 && tries < MOST_TRIES;
    size = size === 1 ? 0 : Math.ceil(size / 2)
  ) {
    for (let from = 0; from < actions.length && tries < MOST_TRIES; tries += 1) {
      const fewer = actions.toSpliced(from, size)
      const still = fewer.length === 0 ? undefined : await follow(chain, start, foresee(start, fewer, { apply, look }))
      await chain.reset()
      if (still === undefined) {
        from += size
        continue
      }
      actions = fewer.slice(0, still.at + 1)
      mismatch = still
    }
  }
  return { seed: found.seed, mismatch, actions, length: found.steps.length }
}

/** Everything needed to see a failure again, and to understand it. */
export function formatFailure({ seed, mismatch, actions, length }: Failure): string {
  const lines = actions.map(
    ({ at, caller, call, args }, i) =>
      `  ${i + 1}. +${at - START} s, ${caller} calls ${call}(${args.map(formatValue).join(', ')})`,
  )
  return [
    `the model and the contracts disagree; sequence ${seed}, shortened from ${length} actions:`,
    ...lines,
    formatMismatch(mismatch),
    `again: ASSAY_DIFFERENTIAL_ONLY=${seed} npx hardhat test nodejs test/differential.test.ts`,
  ].join('\n')
}

const formatMismatch = ({ at, model, chain }: Mismatch): string =>
  `after action ${at + 1}\n  model:     ${model}\n  contracts: ${chain}`

const formatValue = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? String(inner) : inner))
