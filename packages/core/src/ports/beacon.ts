import type { BeaconInfo, BeaconRound, BeaconValue, UnixMs } from '@assay/protocol'

/** Public randomness: drand's quicknet format, every value BLS-verified before it is returned. */
export interface Beacon {
  readonly info: BeaconInfo
  /** The newest round that exists at `now` by the beacon's own schedule. */
  roundAt(now: UnixMs): BeaconRound
  /** When a round is published. */
  timeOf(round: BeaconRound): UnixMs
  /** Waits until the round exists and returns it. Throws `beacon-unavailable`, `beacon-invalid`. */
  value(round: BeaconRound, signal: AbortSignal): Promise<BeaconValue>
}
