import assert from 'node:assert/strict'
import { it } from 'node:test'
import { beaconRound, type BeaconValue } from '@assay/protocol'
import { limits } from './limits.ts'
import { createRoundCache } from './round-cache.ts'

const valueOf = (n: number): BeaconValue => ({ round: beaconRound(n), signature: `0x${'00'.repeat(48)}` })

it('keeps a bounded number of rounds, the ones asked for last', () => {
  const cache = createRoundCache()
  for (let n = 1; n <= limits.cachedRounds; n += 1) cache.put(valueOf(n))
  assert.deepEqual(cache.get(beaconRound(1)), valueOf(1))
  cache.put(valueOf(limits.cachedRounds + 1))
  assert.deepEqual(cache.get(beaconRound(1)), valueOf(1))
  assert.equal(cache.get(beaconRound(2)), undefined)
  assert.deepEqual(cache.get(beaconRound(3)), valueOf(3))
})
