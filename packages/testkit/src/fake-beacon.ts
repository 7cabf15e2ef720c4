/** A beacon without network: real signatures on a fake clock, so that every verifier accepts its values. */
import { bls12_381 } from '@noble/curves/bls12-381.js'
import type { Beacon, Clock } from '@assay/core'
import {
  beaconDst,
  beaconMessage,
  beaconRoundAt,
  beaconTimeOf,
  bytesToHex,
  durationMs,
  type BeaconInfo,
  type BeaconRound,
  type BeaconValue,
} from '@assay/protocol'
import { createSeededRng } from './seeded-rng.ts'

/** A `Beacon` whose publication the test can stop and start again. */
export interface FakeBeacon extends Beacon {
  /** Rounds after `round` are not published until `resume`: the beacon has stalled. */
  stallAfter(round: BeaconRound): void
  /** Publishes everything that is due. */
  resume(): void
}

export interface FakeBeaconOptions {
  readonly seed?: string
  readonly genesisMs?: number
  readonly periodMs?: number
}

/** Genesis is now and a round lasts 3 s, as quicknet's, unless the options say otherwise. */
export function createFakeBeacon(deps: { readonly clock: Clock }, options: FakeBeaconOptions = {}): FakeBeacon {
  const { clock } = deps
  const secretKey = bls.keygen(createSeededRng(options.seed ?? 'beacon').bytes(48)).secretKey
  const info: BeaconInfo = {
    publicKey: bytesToHex(bls.getPublicKey(secretKey).toBytes()),
    genesisMs: options.genesisMs ?? clock.now(),
    periodMs: options.periodMs ?? 3000,
    scheme: 'bls-unchained-g1-rfc9380',
  }
  const published = new Map<BeaconRound, BeaconValue>()
  let stall: { readonly last: BeaconRound; readonly over: Promise<void>; readonly end: () => void } | undefined

  const sign = (round: BeaconRound): BeaconValue => {
    const known = published.get(round)
    if (known !== undefined) return known
    const value = {
      round,
      signature: bytesToHex(bls.sign(bls.hash(beaconMessage(round), beaconDst), secretKey).toBytes()),
    }
    published.set(round, value)
    return value
  }

  return {
    info,
    roundAt: (now) => beaconRoundAt(info, now),
    timeOf: (round) => beaconTimeOf(info, round),
    async value(round, signal) {
      signal.throwIfAborted()
      while (clock.now() < beaconTimeOf(info, round)) {
        await clock.sleep(durationMs(beaconTimeOf(info, round) - clock.now()), signal)
      }
      while (stall !== undefined && round > stall.last) await abortable(stall.over, signal)
      return sign(round)
    },
    stallAfter(round) {
      const { promise, resolve } = Promise.withResolvers<void>()
      stall?.end()
      stall = { last: round, over: promise, end: resolve }
    },
    resume() {
      stall?.end()
      stall = undefined
    },
  }
}

async function abortable(wait: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  const { promise, reject } = Promise.withResolvers<void>()
  const onAbort = (): void => reject(signal.reason as Error)
  signal.addEventListener('abort', onAbort, { once: true })
  await Promise.race([wait, promise]).finally(() => signal.removeEventListener('abort', onAbort))
}

const bls = bls12_381.shortSignatures
