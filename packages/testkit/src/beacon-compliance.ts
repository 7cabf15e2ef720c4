/** What every `Beacon` must do. Run on the fake, the local beacon and the drand client alike. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Beacon } from '@assay/core'
import {
  BeaconInfo,
  beaconRound,
  deriveRandomness,
  unixMs,
  verifyBeaconValue,
  type BeaconRound,
  type BeaconValue,
} from '@assay/protocol'
import type { FakeClock } from './fake-clock.ts'

/** A beacon under test, whose only notion of time is `clock`. Closed after each test. */
export interface BeaconHarness extends AsyncDisposable {
  readonly beacon: Beacon
  readonly clock: FakeClock
}

/** Declares the suite under `name`; `open` gives a fresh beacon with at least three published rounds. */
export function beaconCompliance(name: string, open: () => Promise<BeaconHarness>): void {
  describe(`beacon compliance: ${name}`, () => {
    it('publishes parameters that pin it', async () => {
      await using harness = await open()
      assert.deepEqual(BeaconInfo.parse(harness.beacon.info), harness.beacon.info)
    })

    it('counts rounds by its own schedule', async () => {
      await using harness = await open()
      const { beacon } = harness
      assert.equal(beacon.timeOf(beaconRound(1)), beacon.info.genesisMs)
      assert.equal(beacon.roundAt(unixMs(beacon.info.genesisMs - 1)), 0)
      for (const round of [1, 2, 3, 1_000_000].map(beaconRound)) {
        const time = beacon.timeOf(round)
        assert.equal(beacon.roundAt(time), round)
        assert.equal(beacon.roundAt(unixMs(time - 1)), round - 1)
        assert.equal(beacon.roundAt(unixMs(time + beacon.info.periodMs - 1)), round)
      }
    })

    it('returns published rounds with valid signatures, each its own', async () => {
      await using harness = await open()
      const { beacon } = harness
      const newest = newestOf(harness)
      const rounds = [1, newest - 1, newest].map(beaconRound)
      const values: BeaconValue[] = []
      for (const round of rounds) values.push(await beacon.value(round, never))
      values.forEach((value, i) => {
        assert.equal(value.round, rounds[i])
        assert.ok(verifyBeaconValue(beacon.info, value))
      })
      assert.equal(new Set(values.map(deriveRandomness)).size, 3)
    })

    it('returns the same value for a round every time', async () => {
      await using harness = await open()
      const round = newestOf(harness)
      const first = await harness.beacon.value(round, never)
      assert.deepEqual(await harness.beacon.value(round, never), first)
    })

    it('waits for a round that does not exist yet, for every caller', async () => {
      await using harness = await open()
      const { beacon, clock } = harness
      const round = beaconRound(newestOf(harness) + 2)
      let answered = 0
      const waits = [1, 2].map(async () => {
        const value = await beacon.value(round, never)
        answered += 1
        return value
      })
      await clock.advanceTo(unixMs(beacon.timeOf(round) - 1))
      assert.equal(answered, 0)
      await clock.advanceTo(beacon.timeOf(round))
      for (const value of await Promise.all(waits)) assert.ok(verifyBeaconValue(beacon.info, value))
    })

    it('stops waiting when the caller aborts, with the reason of the abort', async () => {
      await using harness = await open()
      const { beacon, clock } = harness
      const abort = new AbortController()
      const reason = new Error('no longer needed')
      const wait = assert.rejects(beacon.value(beaconRound(newestOf(harness) + 5), abort.signal), reason)
      await clock.advance(1)
      abort.abort(reason)
      await wait
      assert.equal(clock.waiting(), 0)
    })

    it('refuses to start for a caller that has aborted already', async () => {
      await using harness = await open()
      const reason = new Error('too late')
      await assert.rejects(harness.beacon.value(beaconRound(1), AbortSignal.abort(reason)), reason)
    })
  })
}

const newestOf = (harness: BeaconHarness): BeaconRound => {
  const newest = harness.beacon.roundAt(harness.clock.now())
  assert.ok(newest >= 3, 'the harness must start after the third round')
  return newest
}

const never = new AbortController().signal
