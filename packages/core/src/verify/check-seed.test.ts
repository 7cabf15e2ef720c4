import assert from 'node:assert/strict'
import { it } from 'node:test'
import { beaconRound, deriveRandomness } from '@assay/protocol'
import { createTestBeacon } from '@assay/testkit'
import { checkSeed } from './check-seed.ts'

const beacon = createTestBeacon('one')
const value = beacon.value(beaconRound(12))
const faultOf = (check: ReturnType<typeof checkSeed>): string => (check.ok ? 'ok' : check.fault)

it('takes the randomness of the seed round only', () => {
  assert.deepEqual(checkSeed({ seedRound: value.round }, beacon.info, value), {
    ok: true,
    randomness: deriveRandomness(value),
  })
  assert.equal(faultOf(checkSeed({ seedRound: beaconRound(13) }, beacon.info, value)), 'seed-round-mismatch')
})

it('refuses a signature for another round or by another beacon', () => {
  const moved = { ...value, round: beaconRound(13) }
  assert.equal(faultOf(checkSeed({ seedRound: beaconRound(13) }, beacon.info, moved)), 'seed-invalid')
  const foreign = createTestBeacon('two').value(beaconRound(12))
  assert.equal(faultOf(checkSeed({ seedRound: value.round }, beacon.info, foreign)), 'seed-invalid')
})
