import assert from 'node:assert/strict'
import { it } from 'node:test'
import { deriveCommitment, MarketError, type WorkReply } from '@assay/protocol'
import { createFailingPorts } from '../../test/fail-nth.ts'
import { drive, openStage } from '../../test/stage.ts'

/** What an aggregator sees of an offer whose provider stands on a failing part. */
async function offerWith(n: number): Promise<{ readonly calls: number; readonly end: WorkReply['type'] | 'reset' }> {
  const failing = createFailingPorts(n, () => new MarketError('rpc-unavailable', `call ${n} fails`))
  let armed = false
  await using stage = await openStage({
    ports: (deps) => {
      const { chain, sandbox, signer, blobs } = deps
      const wrap = <T extends object>(port: T): T => {
        const broken = failing.wrap(port)
        return new Proxy(port, { get: (target, name): unknown => Reflect.get(armed ? broken : target, name) })
      }
      return { ...deps, chain: wrap(chain), sandbox: wrap(sandbox), signer: wrap(signer), blobs: wrap(blobs) }
    },
  })
  armed = true
  const talk = await stage.converse(await stage.offer())
  const replies: WorkReply[] = []
  const listening = (async () => {
    for (let reply = await talk.next(); reply !== undefined; reply = await talk.next()) {
      replies.push(reply)
      if (reply.type === 'committed') await talk.send({ type: 'committed' })
    }
  })()
  await drive(
    stage,
    listening.catch(() => undefined),
  )
  armed = false
  assert.equal(stage.service.status().busy, 0, `no slot stays taken after a failure of call ${n}`)
  const stuck = stage.store.inStates(['leased', 'preparing', 'executing', 'sealing', 'delivering'])
  assert.equal(stuck.length, 0, `no attempt stays open after a failure of call ${n}`)
  const shown = replies.find((reply) => reply.type === 'committed')
  if (shown?.type === 'committed') {
    const opening = stage.store.byCommitment(shown.commit.commitment)?.opening
    assert.ok(opening !== undefined, 'a commit that was shown can be opened')
    assert.equal(deriveCommitment(stage.market, shown.commit, opening), shown.commit.commitment)
  }
  return { calls: failing.calls(), end: replies.at(-1)?.type ?? 'reset' }
}

it('ends every attempt and frees its slot, whichever call of a port fails', async () => {
  const ends = new Set<string>()
  let n = 1
  for (;;) {
    const { calls, end } = await offerWith(n)
    ends.add(end)
    if (calls < n) break
    n += 1
    assert.ok(n < 200, 'the walk through the calls ends')
  }
  assert.ok(n > 10, `${n} calls were failed`)
  assert.ok(
    ['declined', 'failed', 'committed'].every((end) => ends.has(end)),
    [...ends].join(),
  )
})
