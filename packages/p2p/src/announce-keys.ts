/** Publishes capability keys in the DHT until somebody holds each; kad-dht itself renews the records later. */
import type { CapabilityKey, Clock, Peer } from '@assay/core'
import { durationMs } from '@assay/protocol'
import { createBell, type Bell } from './bell.ts'
import { deriveCapabilityCid } from './capability-cid.ts'
import type { Node } from './libp2p-node.ts'
import { limitTime } from './limit-time.ts'
import type { NetworkLimits } from './limits.ts'
import type { NetworkLog } from './network-log.ts'
import type { KeyTeller } from './tell-keys.ts'

export interface AnnounceDeps {
  readonly node: Node
  readonly teller: KeyTeller
  readonly connected: () => readonly Peer[]
  readonly clock: Clock
  readonly log: NetworkLog
  readonly bounds: NetworkLimits
  readonly closing: AbortSignal
}

export interface Announcer {
  /** Replaces the set. Returns at once; publishing goes on until it worked. */
  set(keys: readonly CapabilityKey[]): void
  /** A peer was identified: it is told, and pending keys are tried again. */
  met(peer: Peer): void
  /** Holders may have forgotten: every key is published again. */
  republish(): void
  /** Publishes and retries until `closing` aborts. */
  run(): Promise<void>
}

export function createAnnouncer(deps: AnnounceDeps): Announcer {
  const { bounds, closing, log, teller } = deps
  const changed = createBell()
  let wanted: ReadonlySet<CapabilityKey> = new Set()
  let withdrawn: readonly CapabilityKey[] = []
  let held = new Set<CapabilityKey>()
  let current = new AbortController()
  const tasks = new Set<Promise<unknown>>()

  const own = (task: Promise<unknown>): void => {
    const owned = task
      .catch((error: unknown) => log.warn({ error }, 'announce.failed'))
      .finally(() => tasks.delete(owned))
    tasks.add(owned)
  }
  const tell = (peers: readonly Peer[]): void => own(teller.tell(peers, () => [...wanted]))

  /** One attempt at every pending key. */
  const attempt = async (signal: AbortSignal): Promise<void> => {
    const gone = withdrawn
    withdrawn = []
    for (const key of gone) await deps.node.services.dht.cancelReprovide(await deriveCapabilityCid(key))
    const pending = [...wanted].filter((key) => !held.has(key))
    const worker = async (): Promise<void> => {
      for (let key = pending.shift(); key !== undefined && !signal.aborted; key = pending.shift()) {
        const holders = await publish(deps, key, signal)
        if (holders === 0 || signal.aborted) continue
        held.add(key)
        log.info({ key, holders }, 'key.published')
      }
    }
    await Promise.all(Array.from({ length: bounds.providesAtOnce }, worker))
  }
  const settled = (): boolean => withdrawn.length === 0 && [...wanted].every((key) => held.has(key))

  return {
    set(keys) {
      const next = new Set(keys)
      withdrawn = [...withdrawn, ...wanted].filter((key) => !next.has(key))
      wanted = next
      held = new Set([...held].filter((key) => next.has(key)))
      current.abort(new Error('the announced keys changed'))
      current = new AbortController()
      tell(deps.connected())
      changed.ring()
    },
    met(peer) {
      if (wanted.size > 0) tell([peer])
      changed.ring()
    },
    republish() {
      held = new Set()
      changed.ring()
    },
    async run() {
      let waitMs = bounds.retryFirstMs
      while (!closing.aborted) {
        if (settled()) {
          waitMs = bounds.retryFirstMs
          await changed.wait(closing).catch(() => undefined)
          continue
        }
        const set = wanted
        await attempt(AbortSignal.any([closing, current.signal]))
        if (settled() || set !== wanted || closing.aborted) continue
        const level = waitMs === bounds.retryFirstMs ? 'info' : 'debug'
        log[level]({ pending: [...wanted].filter((key) => !held.has(key)).length, waitMs }, 'keys.pending')
        await pause(deps, waitMs, changed)
        waitMs = Math.min(waitMs * 2, bounds.retryLongestMs)
      }
      await Promise.all(tasks)
    },
  }
}

/** How many peers took the record. A node without an address is refused by all, so it only tells its connected peers. */
async function publish(deps: AnnounceDeps, key: CapabilityKey, closing: AbortSignal): Promise<number> {
  if (deps.node.getMultiaddrs().length === 0) return deps.connected().length
  using limit = limitTime(deps.bounds.provideMs, closing)
  const { signal } = limit
  let holders = 0
  try {
    for await (const event of deps.node.services.dht.provide(await deriveCapabilityCid(key), { signal }))
      if (event.name === 'PEER_RESPONSE' && event.messageName === 'ADD_PROVIDER') holders += 1
  } catch (error) {
    deps.log.debug({ key, reason: error instanceof Error ? error.name : 'unknown' }, 'key.unpublished')
  }
  return holders
}

/** Waits for the time or the ring, whichever comes first. */
async function pause(deps: AnnounceDeps, waitMs: number, changed: Bell): Promise<void> {
  const done = new AbortController()
  const signal = AbortSignal.any([deps.closing, done.signal])
  const waits = [deps.clock.sleep(durationMs(waitMs), signal), changed.wait(signal)]
  await Promise.race(waits).catch(() => undefined)
  done.abort()
  await Promise.allSettled(waits)
}
