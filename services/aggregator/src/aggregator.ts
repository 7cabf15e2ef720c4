import { durationMs, MarketError, type Address, type JobEvent, type OrderId } from '@assay/protocol'
import { createBell, type Bell } from './bell.ts'
import type { AggregatorDeps, AggregatorOptions, Context } from './context.ts'
import { openDirectory } from './directory.ts'
import { createHttpApp, type HttpApp } from './http/app.ts'
import { aggregatorLimits as limits } from './limits.ts'
import { serveMarketBlobs } from './serve-blobs.ts'
import { openTasks, type Tasks } from './tasks.ts'
import { serveRetract } from './use-cases/serve-retract.ts'
import { planMarket } from './use-cases/plan-market.ts'
import { createWatchers } from './watchers.ts'

/** A running aggregator. Closing it loses nothing: every state is in the store. */
export interface Aggregator extends AsyncDisposable {
  readonly address: Address
  /** Handles a request of the public API; an HTTP server passes requests in. */
  readonly http: HttpApp
  /** Resolves once so many staked nodes have been found. */
  untilSeen(providers: number, validators: number, signal: AbortSignal): Promise<void>
}

/** Starts planning at once: jobs found in the store go on where they stopped. Throws `no-quorum` when the quorum is unknown on chain. */
export async function openAggregator(
  deps: AggregatorDeps,
  options: AggregatorOptions,
  signal: AbortSignal,
): Promise<Aggregator> {
  const { chain, clock, log, network, signer, store, wallet } = deps
  const quorum = await chain.quorum(options.quorumId, signal)
  if (quorum === undefined)
    throw new MarketError('no-quorum', 'no such quorum on chain', { details: { quorumId: options.quorumId } })
  await using stack = new AsyncDisposableStack()
  const stop = new AbortController()
  const bell = createBell()
  const watchers = createWatchers()
  const wake = bell.ring
  const directory = stack.use(openDirectory({ network, chain, clock, log, changed: wake }))
  const emit = (orderId: OrderId, event: Omit<JobEvent, 'seq' | 'atMs'>): void => {
    const full = store.addEvent(orderId, clock.now(), event)
    if (full !== undefined) watchers.tell(orderId)
  }
  const context: Context = { ...deps, options, directory, quorum, wake, emit }
  const tasks = stack.use(openTasks({ clock, log, wake }))
  const loop = planForever(context, tasks, bell, stop.signal)
  const resumed = wallet.resume?.(stop.signal).catch((error: unknown) => {
    if (!stop.signal.aborted)
      log.warn({ error: error instanceof Error ? error.message : String(error) }, 'transactions.unresumed')
  })
  stack.defer(async () => {
    stop.abort()
    await loop
    await resumed
  })
  await serveMarketBlobs(context)
  await serveRetract(context)
  const http = createHttpApp(context, watchers)
  const untilSeen = async (providers: number, validators: number, waiting: AbortSignal): Promise<void> => {
    while (directory.providers().length < providers || directory.validators().length < validators)
      await clock.sleep(durationMs(limits.planEveryMs / 5), waiting)
  }
  const owned = stack.move()
  return { address: signer.address, http, untilSeen, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

async function planForever(context: Context, tasks: Tasks, bell: Bell, signal: AbortSignal): Promise<void> {
  const { clock, log } = context
  while (!signal.aborted) {
    // Armed before planning: what changes meanwhile starts the next round at once.
    const rung = bell.arm()
    try {
      await planMarket(context, tasks)
    } catch (error) {
      if (!signal.aborted)
        log.error({ error: error instanceof Error ? error.message : String(error) }, 'planning.failed')
    }
    const tick = new AbortController()
    const pause = AbortSignal.any([signal, tick.signal])
    await Promise.race([rung, clock.sleep(durationMs(limits.planEveryMs), pause).catch(() => undefined)])
    tick.abort()
    await clock.sleep(durationMs(limits.planDelayMs), signal).catch(() => undefined)
  }
}
