/** A beacon of one's own for devnets and tests: whoever holds its key knows every future round. */
import type { Beacon, Clock } from '@assay/core'
import {
  beaconRoundAt,
  beaconTimeOf,
  BeaconInfo,
  deriveBeaconId,
  type BeaconRound,
  type BeaconValue,
  type DurationMs,
  type Hex,
  type UnixMs,
} from '@assay/protocol'
import { createBeaconKey, deriveBeaconSecret } from './beacon-key.ts'
import { openBeaconServer } from './beacon-server.ts'
import { createRoundCache } from './round-cache.ts'
import { waitForRound } from './wait-for-round.ts'

export type LocalBeaconOptions = {
  /** When round 1 is published. */
  readonly genesisMs: UnixMs
  /** 100 ms to 10 minutes. */
  readonly periodMs: DurationMs
  /** Loopback port of the server. Default: one that the system chooses. */
  readonly port?: number
} & ({ readonly secretKey: Hex } | { readonly seed: string })

/** The beacon itself, and the address at which other processes reach it with `openDrandBeacon`. */
export interface LocalBeacon extends Beacon, AsyncDisposable {
  /** `http://127.0.0.1:<port>/<chain hash>`: an entry for `urls`. */
  readonly url: string
}

/**
 * Same format as quicknet, with a BLS key of its own, served on 127.0.0.1. Neither `value` nor the server
 * gives a round before its time. Throws a zod error for parameters outside `BeaconInfo`.
 */
export async function openLocalBeacon(
  deps: { readonly clock: Clock },
  options: LocalBeaconOptions,
): Promise<LocalBeacon> {
  const key = createBeaconKey('secretKey' in options ? options.secretKey : deriveBeaconSecret(options.seed))
  const info = BeaconInfo.parse({
    publicKey: key.publicKey,
    genesisMs: options.genesisMs,
    periodMs: options.periodMs,
    scheme: 'bls-unchained-g1-rfc9380',
  })
  const cache = createRoundCache()
  const sign = (round: BeaconRound): BeaconValue => {
    const known = cache.get(round)
    if (known !== undefined) return known
    const value = key.sign(round)
    cache.put(value)
    return value
  }
  const server = await openBeaconServer(
    { info, chainHash: deriveBeaconId(info), newest: () => beaconRoundAt(info, deps.clock.now()), sign },
    options.port ?? 0,
  )
  return {
    info,
    url: server.url,
    roundAt: (now) => beaconRoundAt(info, now),
    timeOf: (round) => beaconTimeOf(info, round),
    async value(round, signal) {
      await waitForRound(deps.clock, info, round, signal)
      return sign(round)
    },
    [Symbol.asyncDispose]: async () => server[Symbol.asyncDispose](),
  }
}
