/** Performs the effects of the outbox: at least once each, a few at a time, again after failures and restarts. */
import type { Clock } from '@assay/core'
import { durationMs, isMarketError } from '@assay/protocol'
import type { Database } from './database.ts'
import { limits } from './limits.ts'
import type { Logger } from './logger.ts'
import { openClaims, type Claim, type Claims } from './outbox-claims.ts'
import { redactText } from './redact.ts'

/** One effect to perform. */
export interface Effect {
  /** Idempotency key: whatever the handler does outside must be harmless when done again under it. */
  readonly key: string
  /** Parsed JSON; give it to a schema. */
  readonly payload: unknown
  /** From 1; attempts that a crash cut short count. */
  readonly attempt: number
}

/**
 * Performs an effect. It resolves when the effect is certain and rejects when it is not. The signal aborts when the
 * dispatcher closes or has lost the row; a handler that goes on afterwards is repeated by another.
 */
export type EffectHandler = (effect: Effect, signal: AbortSignal) => Promise<void>

export interface DispatcherOptions {
  /** By kind. Rows of other kinds are left alone. */
  readonly handlers: Readonly<Record<string, EffectHandler>>
  /**
   * Names this dispatcher in the rows it holds. Two that live at once need different names; one that restarts should
   * keep its own, so that it takes its rows over at once instead of after their lease.
   */
  readonly owner: string
  /** Default `limits.outboxConcurrency`. */
  readonly concurrency?: number
  /** Attempts before a row is stuck. Default `limits.outboxAttempts`. */
  readonly attempts?: number
}

export interface DispatcherDeps {
  readonly db: Database
  readonly clock: Clock
  readonly log: Logger
}

/** A running dispatcher. Closing it aborts its handlers, waits for them and gives their rows back. */
export interface Dispatcher extends AsyncDisposable {
  /** Makes stuck rows due again and returns how many there were. Opening does so too. */
  retryStuck(): number
}

/** Starts at once. */
export function openDispatcher(deps: DispatcherDeps, options: DispatcherOptions): Dispatcher {
  const kinds = Object.keys(options.handlers)
  const claims = openClaims(deps, { owner: options.owner, kinds, leaseMs: limits.outboxLeaseMs })
  const taken = claims.releaseOwn()
  const revived = claims.revive()
  if (taken + revived > 0) deps.log.info({ taken, revived }, 'outbox.resumed')
  const closing = new AbortController()
  const run = new Run(deps, options, claims, closing.signal)
  const watching = deps.db.onCommit(() => run.wake())
  const loop = run.loop()
  return {
    retryStuck: () => claims.revive(),
    async [Symbol.asyncDispose]() {
      watching[Symbol.dispose]()
      closing.abort(new Error('the dispatcher closes'))
      run.wake()
      await loop
      await run.drain()
    },
  }
}

/** The loop and the effects under way. */
class Run {
  readonly #deps: DispatcherDeps
  readonly #options: DispatcherOptions
  readonly #claims: Claims
  readonly #closing: AbortSignal
  readonly #running = new Map<number, Promise<void>>()
  readonly #attempts: number
  #woken = Promise.withResolvers<void>()
  #pruneAt = 0

  constructor(deps: DispatcherDeps, options: DispatcherOptions, claims: Claims, closing: AbortSignal) {
    this.#deps = deps
    this.#options = options
    this.#claims = claims
    this.#closing = closing
    this.#attempts = options.attempts ?? limits.outboxAttempts
  }

  wake(): void {
    this.#woken.resolve()
  }

  async loop(): Promise<void> {
    while (!this.#closing.aborted) {
      // Before the look at the table, so that a commit during it wakes us again.
      this.#woken = Promise.withResolvers()
      let waitMs: number = limits.outboxIdleMs
      try {
        waitMs = this.#startDue()
      } catch (error) {
        this.#deps.log.error({ error }, 'outbox.failed')
      }
      await this.#wait(waitMs)
    }
  }

  /** Waits for the handlers, but not for ever for one that ignores its signal. */
  async drain(): Promise<void> {
    const { clock, log } = this.#deps
    const all = Promise.all(this.#running.values())
    const enough = new AbortController()
    const patience = clock.sleep(durationMs(limits.outboxCloseMs), enough.signal).then(
      () => log.warn({ effects: this.#running.size }, 'outbox.abandoned'),
      () => undefined,
    )
    await Promise.race([all, patience])
    enough.abort()
    await patience
  }

  /** Starts what is due and returns how long nothing else will be. */
  #startDue(): number {
    const { clock } = this.#deps
    const now = clock.now()
    if (now >= this.#pruneAt) {
      this.#claims.prune(now - limits.outboxKeepMs)
      this.#pruneAt = now + limits.outboxPruneMs
    }
    const slots = (this.#options.concurrency ?? limits.outboxConcurrency) - this.#running.size
    if (slots <= 0) return limits.outboxIdleMs
    // Look before claiming: a claim is a commit, commits wake this loop, and an idle loop must come to rest.
    if ((this.#claims.nextDue([...this.#running.keys()]) ?? Infinity) <= now) {
      for (const claim of this.#claims.claim(slots, [...this.#running.keys()])) this.#start(claim)
    }
    const next = this.#claims.nextDue([...this.#running.keys()]) ?? Infinity
    return Math.min(Math.max(next - now, 0), limits.outboxIdleMs)
  }

  async #wait(ms: number): Promise<void> {
    const early = new AbortController()
    const slept = this.#deps.clock.sleep(durationMs(ms), early.signal).catch(() => undefined)
    await Promise.race([slept, this.#woken.promise])
    early.abort()
    await slept
  }

  #start(claim: Claim): void {
    const done = this.#perform(claim)
      .catch((error: unknown) => this.#deps.log.error({ effect: claim.key, error }, 'effect.unrecorded'))
      .finally(() => {
        this.#running.delete(claim.id)
        this.wake()
      })
    this.#running.set(claim.id, done)
  }

  async #perform(claim: Claim): Promise<void> {
    const over = new AbortController()
    const signal = AbortSignal.any([this.#closing, over.signal])
    const renewal = this.#keepLease(claim, over)
    let failure: { readonly error: unknown } | undefined
    try {
      if (claim.attempts > this.#attempts) throw new Error('the process ended during every attempt')
      await this.#handle(claim, signal)
    } catch (error) {
      failure = { error }
    } finally {
      over.abort()
      await renewal
    }
    if (failure === undefined) this.#settle(claim, this.#claims.finish(claim), 'done')
    else if (this.#closing.aborted) this.#claims.release(claim)
    else this.#fail(claim, failure.error)
  }

  async #handle(claim: Claim, signal: AbortSignal): Promise<void> {
    const handler = new Map(Object.entries(this.#options.handlers)).get(claim.kind)
    const payload: unknown = JSON.parse(claim.payload)
    await handler?.({ key: claim.key, payload, attempt: claim.attempts }, signal)
  }

  /** Renews until the effect is over; aborts it when the row is somebody else's now. */
  async #keepLease(claim: Claim, over: AbortController): Promise<void> {
    const third = durationMs(limits.outboxLeaseMs / 3)
    for (;;) {
      const slept = await this.#deps.clock.sleep(third, over.signal).then(
        () => true,
        () => false,
      )
      if (!slept) return
      try {
        if (this.#claims.renew(claim)) continue
        over.abort(new Error('the lease of this effect was lost'))
      } catch (error) {
        this.#deps.log.warn({ effect: claim.key, error }, 'effect-lease.unrenewed')
      }
    }
  }

  #fail(claim: Claim, error: unknown): void {
    const { clock, log } = this.#deps
    const stuck = claim.attempts >= this.#attempts
    const pauseMs = Math.min(limits.outboxRetryMs * 2 ** Math.min(claim.attempts - 1, 30), limits.outboxRetryMaxMs)
    const recorded = this.#claims.fail(claim, stuck ? undefined : clock.now() + pauseMs, describe(error))
    const facts = { effect: claim.key, kind: claim.kind, attempt: claim.attempts, error }
    if (stuck) log.error(facts, 'effect.stuck')
    else log.warn({ ...facts, pauseMs }, 'effect.failed')
    this.#settle(claim, recorded, 'failed')
  }

  #settle(claim: Claim, recorded: boolean, outcome: 'done' | 'failed'): void {
    const facts = { effect: claim.key, kind: claim.kind, attempt: claim.attempts, outcome }
    if (recorded) this.#deps.log.debug(facts, 'effect.recorded')
    else this.#deps.log.warn(facts, 'effect.superseded')
  }
}

const describe = (error: unknown): string => {
  const code = isMarketError(error) ? `${error.code}: ` : ''
  return redactText(`${code}${error instanceof Error ? error.message : String(error)}`)
}
