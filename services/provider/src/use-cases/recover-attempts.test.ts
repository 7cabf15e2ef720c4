import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { deriveLeaseDigest, unixMs } from '@assay/protocol'
import { commitOne, drive, openStage } from '../../test/stage.ts'

describe('restart of a provider', () => {
  it('fails a run that was cut short, as its own fault', async () => {
    await using stage = await openStage({ run: () => ({ durationMs: 50_000 }) })
    const request = await stage.offer()
    const talk = await stage.converse(request)
    await talk.until('progress')
    await stage.restart()
    const again = await stage.converse({ type: 'resume', lease: deriveLeaseDigest(request.offer) })
    const replies = await again.until('failed')
    const last = replies.at(-1)
    assert.ok(last?.type === 'failed')
    assert.equal(last.error.code, 'attempt-engine-fault')
    assert.equal(last.error.blame, 'provider')
    assert.equal(stage.service.status().busy, 0)
  })

  it('shows a commit again that the aggregator may not have stored', async () => {
    await using stage = await openStage()
    const request = await stage.offer()
    const talk = await stage.converse(request)
    const first = (await talk.until('committed')).at(-1)
    await stage.restart()
    const again = await stage.converse({ type: 'resume', lease: deriveLeaseDigest(request.offer) })
    assert.deepEqual((await again.until('committed')).at(-1), first)
    await again.send({ type: 'committed' })
    assert.equal(await again.next(), undefined)
  })

  it('delivers after all what was sealed before it stopped', async () => {
    await using stage = await openStage()
    stage.hub.intercept(({ protocol }) =>
      protocol.includes('blob-put') ? { kind: 'cut' } : { kind: 'deliver', delayMs: 0 },
    )
    const request = await stage.offer()
    const lease = deriveLeaseDigest(request.offer)
    await stage.converse(request)
    await drive(
      stage,
      until(() => stage.store.attempt(lease)?.state === 'delivering'),
    )
    const { commit } = stage.store.attempt(lease)!
    stage.hub.intercept(undefined)
    await stage.restart()
    const again = await stage.converse({ type: 'resume', lease })
    const last = (await again.until('committed')).at(-1)
    assert.deepEqual(last?.type === 'committed' && last.commit, commit)
  })

  it('gives up a result that it can no longer deliver in time', async () => {
    await using stage = await openStage()
    stage.hub.intercept(({ protocol }) =>
      protocol.includes('blob-put') ? { kind: 'cut' } : { kind: 'deliver', delayMs: 0 },
    )
    const request = await stage.offer({ commitByMs: unixMs(stage.clock.now() + 30_000) })
    const lease = deriveLeaseDigest(request.offer)
    const talk = await stage.converse(request)
    const last = (await drive(stage, talk.until('failed'))).at(-1)
    assert.equal(last?.type === 'failed' && last.error.code, 'attempt-timeout')
    assert.equal(stage.store.attempt(lease)?.state, 'failed')
  })

  it('keeps the numbers of its adverts growing', async () => {
    await using stage = await openStage()
    const first = stage.store.next('advert')
    await stage.restart()
    assert.ok(stage.store.next('advert') > first)
  })

  it('forgets an order once nobody can ask about it any more', async () => {
    await using stage = await openStage()
    const commit = await commitOne(stage)
    await stage.clock.advanceTo(unixMs(stage.terms.refundAt * 1000 + 24 * 60 * 60 * 1000))
    assert.ok(stage.store.byCommitment(commit.commitment) !== undefined)
    await stage.clock.advance(20 * 60 * 1000)
    assert.equal(stage.store.byCommitment(commit.commitment), undefined)
    assert.equal(stage.store.order(stage.orderId), undefined)
  })
})

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await setImmediate()
}
