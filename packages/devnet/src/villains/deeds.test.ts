import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { deriveActor } from '../actors.ts'
import { devnetLimits } from '../limits.ts'
import { createDeeds, type VillainDeed } from './deeds.ts'

const by = deriveActor('seed', 'someone').address
const deed = (what: string): VillainDeed => ({ kind: 'withheld', villain: 'slow-loris', by, what })
const never = new AbortController().signal

describe('the deeds of villains', () => {
  it('are found whether they happened before or after somebody asked', async () => {
    const deeds = createDeeds()
    const later = deeds.until((one) => one.kind === 'withheld' && one.what === 'later', never)
    deeds.note(deed('first'))
    deeds.note(deed('later'))
    assert.equal((await later).kind, 'withheld')
    assert.deepEqual(await deeds.until(() => true, never), deed('first'))
  })

  it('stop being waited for when the caller stops', async () => {
    const stop = new AbortController()
    const waiting = createDeeds().until(() => true, stop.signal)
    stop.abort(new Error('enough'))
    await assert.rejects(waiting, /enough/)
  })

  it('are forgotten, oldest first, when there are too many', () => {
    const deeds = createDeeds()
    for (let i = 0; i <= devnetLimits.deeds; i++) deeds.note(deed(String(i)))
    assert.equal(deeds.all.length, devnetLimits.deeds)
    assert.deepEqual(deeds.all[0], deed('1'))
  })
})
