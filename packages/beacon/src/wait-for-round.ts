import type { Clock } from '@assay/core'
import { assertBug, beaconTimeOf, durationMs, type BeaconInfo, type BeaconRound } from '@assay/protocol'
import { limits } from './limits.ts'

/** Sleeps until the publication time of a round. Rejects with the signal's reason. */
export async function waitForRound(
  clock: Clock,
  info: BeaconInfo,
  round: BeaconRound,
  signal: AbortSignal,
): Promise<void> {
  assertBug(Number.isSafeInteger(round) && round >= 1, 'beacon rounds are whole numbers from 1')
  signal.throwIfAborted()
  const due = beaconTimeOf(info, round)
  for (let left = due - clock.now(); left > 0; left = due - clock.now()) {
    await clock.sleep(durationMs(Math.min(left, limits.maxSleepMs)), signal)
  }
}
