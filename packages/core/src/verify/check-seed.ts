import {
  deriveRandomness,
  verifyBeaconValue,
  type BeaconInfo,
  type BeaconValue,
  type EpochProposal,
  type Hash32,
} from '@assay/protocol'
import { fault, type Fault } from './fault.ts'

export type SeedCheck = { readonly ok: true; readonly randomness: Hash32 } | Fault

/** Checks that a value is the beacon's own for the proposal's seed round. One pairing check: some 30 ms. */
export function checkSeed(
  proposal: Pick<EpochProposal, 'seedRound'>,
  beacon: BeaconInfo,
  value: BeaconValue,
): SeedCheck {
  if (value.round !== proposal.seedRound)
    return fault('seed-round-mismatch', { round: value.round, seedRound: proposal.seedRound })
  if (!verifyBeaconValue(beacon, value)) return fault('seed-invalid', { round: value.round })
  return { ok: true, randomness: deriveRandomness(value) }
}
