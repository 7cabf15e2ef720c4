import type { BeaconRound, BeaconValue } from '@assay/protocol'
import { limits } from './limits.ts'

/** Verified values by round; the one asked for longest ago leaves first. */
export interface RoundCache {
  get(round: BeaconRound): BeaconValue | undefined
  put(value: BeaconValue): void
}

/** Holds at most `limits.cachedRounds` values. */
export function createRoundCache(): RoundCache {
  const values = new Map<BeaconRound, BeaconValue>()
  const put = (value: BeaconValue): void => {
    values.delete(value.round)
    values.set(value.round, value)
    for (const oldest of values.keys()) {
      if (values.size <= limits.cachedRounds) break
      values.delete(oldest)
    }
  }
  return {
    put,
    get(round) {
      const value = values.get(round)
      if (value !== undefined) put(value)
      return value
    },
  }
}
