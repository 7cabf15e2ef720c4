import assert from 'node:assert/strict'
import { it } from 'node:test'
import { beaconRound } from '@assay/protocol'
import { beaconCompliance } from './beacon-compliance.ts'
import { createFakeBeacon } from './fake-beacon.ts'
import { createFakeClock } from './fake-clock.ts'

beaconCompliance('fake', async () => {
  const clock = createFakeClock()
  const beacon = createFakeBeacon({ clock }, { genesisMs: clock.now() - 10_500 })
  return { beacon, clock, [Symbol.asyncDispose]: async () => undefined }
})

it('withholds rounds while it stalls, and publishes them when it resumes', async () => {
  const clock = createFakeClock()
  const beacon = createFakeBeacon({ clock })
  const [before, withheld] = [beaconRound(2), beaconRound(3)]
  beacon.stallAfter(before)
  let published = false
  const wait = beacon.value(withheld, never).then((value) => {
    published = true
    return value
  })
  await clock.advance(60_000)
  assert.equal((await beacon.value(before, never)).round, before)
  assert.equal(published, false)
  beacon.resume()
  assert.equal((await wait).round, withheld)
})

it('lets a caller leave a stalled round', async () => {
  const clock = createFakeClock()
  const beacon = createFakeBeacon({ clock })
  beacon.stallAfter(beaconRound(1))
  const abort = new AbortController()
  const reason = new Error('leave')
  const wait = assert.rejects(beacon.value(beaconRound(2), abort.signal), reason)
  await clock.advance(3000)
  abort.abort(reason)
  await wait
})

const never = new AbortController().signal
