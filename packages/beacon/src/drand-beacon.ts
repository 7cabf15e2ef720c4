/** The public beacon over HTTP: any relay may serve a round, none is trusted. */
import type { Beacon, Clock } from '@assay/core'
import {
  assertBug,
  beaconRoundAt,
  beaconTimeOf,
  durationMs,
  MarketError,
  type BeaconInfo,
  type BeaconRound,
  type BeaconValue,
  type DurationMs,
} from '@assay/protocol'
import { limits } from './limits.ts'
import { askRelay, relayName, type Fetch, type RelayAnswer } from './relay.ts'
import { createRoundCache } from './round-cache.ts'
import { waitForRound } from './wait-for-round.ts'

export interface DrandBeaconDeps {
  readonly clock: Clock
  /** Default: the global `fetch`. */
  readonly fetch?: Fetch
}

export interface DrandBeaconOptions {
  /** Pins the beacon: a value counts only if it verifies against this. */
  readonly info: BeaconInfo
  /** Addresses of the chain at its relays, best first, e.g. `https://api.drand.sh/<chain hash>`. At most `limits.relays`. */
  readonly urls: readonly string[]
  /** Longest wait for one relay's answer. Default `limits.requestMs`. */
  readonly requestMs?: DurationMs
  /** How long to keep asking for a round that is due. Default `limits.patienceMs`. */
  readonly patienceMs?: DurationMs
}

/**
 * A `Beacon` that speaks drand's HTTP API (`GET <url>/public/<round>`). It asks relays one after the other, the one that
 * answered last first, and again with growing pauses. It throws `beacon-invalid` when every relay serves wrong values, or
 * when the patience ends and some did, and `beacon-unavailable` when the patience ends without an answer.
 */
export function openDrandBeacon(deps: DrandBeaconDeps, options: DrandBeaconOptions): Beacon {
  const { info } = options
  const urls = options.urls.map((url) => url.replace(/\/+$/, ''))
  assertBug(urls.length > 0 && urls.length <= limits.relays, `a drand beacon needs 1 to ${limits.relays} relays`)
  const cache = createRoundCache()
  const requestMs = options.requestMs ?? durationMs(limits.requestMs)
  const patienceMs = options.patienceMs ?? durationMs(limits.patienceMs)
  const ask = { clock: deps.clock, fetch: deps.fetch ?? globalThis.fetch }
  let favourite = urls[0]

  const askAll = async (round: BeaconRound, signal: AbortSignal): Promise<Pass> => {
    const seen: Seen[] = []
    const order = [favourite, ...urls.filter((url) => url !== favourite)].filter((url) => url !== undefined)
    for (const url of order) {
      const answer = await askRelay(ask, { url, info, requestMs }, round, signal)
      if (answer.kind === 'value') {
        favourite = url
        return { value: answer.value, seen }
      }
      seen.push({ url, answer })
    }
    return { value: undefined, seen }
  }

  const poll = async (round: BeaconRound, signal: AbortSignal): Promise<BeaconValue> => {
    const giveUpAt = deps.clock.now() + patienceMs
    for (let pauseMs: number = limits.firstPollMs; ; pauseMs = Math.min(pauseMs * 2, limits.maxPollMs)) {
      const { value, seen } = await askAll(round, signal)
      if (value !== undefined) return value
      const hopeless = seen.every((one) => one.answer.kind === 'wrong')
      if (hopeless || deps.clock.now() + pauseMs > giveUpAt) throw failure(round, seen)
      await deps.clock.sleep(durationMs(pauseMs), signal)
    }
  }

  return {
    info,
    roundAt: (now) => beaconRoundAt(info, now),
    timeOf: (round) => beaconTimeOf(info, round),
    async value(round, signal) {
      await waitForRound(deps.clock, info, round, signal)
      const known = cache.get(round)
      if (known !== undefined) return known
      const value = await poll(round, signal)
      cache.put(value)
      return value
    },
  }
}

interface Seen {
  readonly url: string
  readonly answer: Exclude<RelayAnswer, { kind: 'value' }>
}
/** One question to each relay, until one answers well. */
interface Pass {
  readonly value: BeaconValue | undefined
  readonly seen: readonly Seen[]
}

function failure(round: BeaconRound, seen: readonly Seen[]): MarketError {
  const lied = seen.some((one) => one.answer.kind === 'wrong')
  const answers = seen.map(({ url, answer }) => `${relayName(url)}: ${answer.reason}`).join('; ')
  return new MarketError(
    lied ? 'beacon-invalid' : 'beacon-unavailable',
    lied ? 'beacon relays served wrong values' : 'no beacon relay serves a round that is due',
    { details: { round, relays: seen.length, answers: answers.slice(0, 1000) } },
  )
}
