import { MarketError, type Hex } from '@assay/protocol'
import { BaseError, RpcRequestError, type PublicClient } from 'viem'
import { toChainError } from './chain-error.ts'
import { chainLimits } from './limits.ts'
import type { MarketContracts, MarketEvent } from './market-events.ts'
import type { Chain } from './open-chain.ts'
import { pause } from './pause.ts'
import { readBlock, readBlockEvents, readRange, type BlockRef } from './read-events.ts'
import { readFinalBlock, type Finality } from './read-final-block.ts'

/** How far a caller has come: everything up to and in this block. It belongs into the same write as what came with it. */
export interface ChainCursor {
  readonly block: number
  readonly hash: Hex
  /** The newest block that was final then: no later cursor is ever rolled back further. */
  readonly final: number
}

/**
 * `events`: what is new, in the order of the chain, often nothing; the cursor follows it. `rollback`: undo everything that came
 * from blocks after the cursor, then go on from there.
 */
export type FollowStep =
  | { readonly kind: 'events'; readonly events: readonly MarketEvent[]; readonly cursor: ChainCursor }
  | { readonly kind: 'rollback'; readonly cursor: ChainCursor }

export interface FollowOptions {
  /** Where an earlier life stopped; without it the first block of the market's contracts is read first. */
  readonly cursor?: ChainCursor
  /** `final`, the default: final blocks only, never a rollback. `latest`: every block as it comes. */
  readonly mode?: 'final' | 'latest'
  /** When a block counts as final; default: the node's word for it. */
  readonly finality?: Finality
  /** Widest range of one search, in blocks. */
  readonly range?: number
  /** Failed searches in a row before `rpc-unavailable` is thrown. */
  readonly failures?: number
  /** Pause once every node has failed in turn. */
  readonly pauseMs?: number
}

/** What is followed; a `Chain` is one. */
export interface EventSource extends Pick<Chain, 'clients' | 'fromBlock'> {
  readonly reader: { readonly market: MarketContracts }
}

interface Follower {
  readonly market: MarketContracts
  readonly mode: 'final' | 'latest'
  readonly finality: Finality
  readonly start: number
  cursor: ChainCursor | undefined
  range: number
  /** Cursors given out in this life, oldest first: where a reorganisation may have begun. */
  trail: ChainCursor[]
  /** Nodes that were seen to have the cursor's block. */
  readonly agreed: Set<PublicClient>
}

/**
 * Reads the market's events without an end: none lost, none twice, if the caller stores each step with its cursor in one write
 * and begins there again. Each step asks one node alone, so that its answers belong together; a failing node is left for the
 * next, and a search that fails is repeated over half the range. Throws the signal's reason, `rpc-unavailable` when nothing
 * answers for long (begin again at the cursor), `chain-mismatch` when the cursor is not of this chain or an event is unknown.
 */
export async function* followEvents(
  { clients, fromBlock, reader }: EventSource,
  options: FollowOptions,
  signal: AbortSignal,
): AsyncGenerator<FollowStep, never> {
  const { eventFailures, eventIdleLooks, eventPauseMs, eventRange } = chainLimits
  const widest = options.range ?? eventRange
  const follower = createFollower(reader.market, fromBlock, options)
  let turn = 0
  let failures = 0
  let idle = 0
  for (;;) {
    signal.throwIfAborted()
    const client = clients[turn % clients.length]
    if (client === undefined) throw new MarketError('config-invalid', 'no RPC URL was given')
    try {
      const step = await readStep(follower, client)
      failures = 0
      if (step !== undefined) {
        // Slowly, so that a node with a narrower limit is not asked in vain at every other step.
        follower.range = Math.min(widest, follower.range + Math.ceil(follower.range / 8))
        yield advance(follower, step)
      } else {
        // A node that hangs behind reports nothing new for ever.
        if (++idle % eventIdleLooks === 0) turn++
        await pause(client.pollingInterval, signal)
      }
    } catch (error) {
      signal.throwIfAborted()
      const fault = toChainError(error, 'reading events')
      if (fault.code !== 'rpc-unavailable' || ++failures > (options.failures ?? eventFailures)) throw fault
      follower.range = Math.max(1, Math.floor(follower.range / 2))
      follower.agreed.delete(client)
      turn++
      // An answer of the node may be about the width of the range: then there is nothing to wait for.
      if (turn % clients.length === 0 && !isAnswer(error)) await pause(options.pauseMs ?? eventPauseMs, signal)
    }
  }
}

const createFollower = (market: MarketContracts, fromBlock: number, options: FollowOptions): Follower => ({
  market,
  mode: options.mode ?? 'final',
  finality: options.finality ?? 'finalized',
  // Nothing happens in the first block of a chain, and every block read has one before it.
  start: Math.max(fromBlock, 1),
  cursor: options.cursor,
  range: options.range ?? chainLimits.eventRange,
  trail: [],
  agreed: new Set(),
})

/** What a node has beyond the cursor; `undefined` when that is nothing. */
async function readStep(follower: Follower, client: PublicClient): Promise<FollowStep | undefined> {
  const { cursor, finality, market, mode, range, start } = follower
  const final = Math.max(Number(await readFinalBlock(client, finality)), start - 1, cursor?.final ?? 0)
  const next = cursor === undefined ? start : cursor.block + 1
  const isSettled = cursor === undefined || (cursor.block <= cursor.final && follower.agreed.has(client))
  if (!isSettled) {
    const block = await readBlock(client, cursor.block)
    // A node that is behind says nothing about the cursor; one that has another block there does.
    if (block === undefined) return undefined
    if (block.hash !== cursor.hash) return rollBack(follower, client, cursor)
    follower.agreed.add(client)
  }
  if (next <= final) {
    const to = Math.min(final, next + range - 1)
    // The block first: a node that does not have it yet would leave out its events without a word.
    const block = await readBlock(client, to)
    if (block === undefined) return undefined
    const events = await readRange(client, market, { from: next, to })
    return { kind: 'events', events, cursor: { block: to, hash: block.hash, final: mode === 'final' ? to : final } }
  }
  if (mode === 'final') return undefined
  const block = await readBlock(client, next)
  if (block === undefined) return undefined
  if (cursor !== undefined && block.parentHash !== cursor.hash) return rollBack(follower, client, cursor)
  const events = await readBlockEvents(client, market, block)
  return { kind: 'events', events, cursor: { block: next, hash: block.hash, final } }
}

/** Back to the newest cursor of this life that is on the chain, or to what was final when the cursor was made. */
async function rollBack(follower: Follower, client: PublicClient, cursor: ChainCursor): Promise<FollowStep> {
  if (follower.mode === 'final' || cursor.block <= cursor.final)
    throw new MarketError('chain-mismatch', 'the cursor is not a block of this chain', {
      details: { block: cursor.block, hash: cursor.hash },
    })
  for (const earlier of follower.trail.toReversed()) {
    if (earlier.block >= cursor.block || earlier.block < cursor.final) continue
    if ((await readBlock(client, earlier.block))?.hash === earlier.hash)
      return { kind: 'rollback', cursor: { ...earlier, final: cursor.final } }
  }
  const ground = await readBlock(client, cursor.final)
  if (ground === undefined) throw new MarketError('rpc-unavailable', 'the node is behind what was final')
  return { kind: 'rollback', cursor: { ...refOf(ground), final: cursor.final } }
}

const refOf = ({ block, hash }: BlockRef): BlockRef => ({ block, hash })

/** The step as it is given out; a failure of the caller while it has it changes nothing here. */
function advance(follower: Follower, step: FollowStep): FollowStep {
  const { cursor } = step
  const kept = follower.trail.filter(({ block }) => block < cursor.block && block >= cursor.final)
  follower.trail = [...kept, cursor].slice(-chainLimits.trail)
  follower.cursor = cursor
  return step
}

/** Whether a node answered at all, if only to refuse. */
const isAnswer = (error: unknown): boolean =>
  error instanceof BaseError && error.walk((inner) => inner instanceof RpcRequestError) !== null
