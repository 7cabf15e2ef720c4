/** What an aggregator says of its jobs, in a market of one process. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { JobExplanation } from '@assay/protocol'
import { openSmallMarket } from './small-market.ts'

describe('an explanation by the aggregator', () => {
  it('tells how a job was drawn, judged and paid', async () => {
    await using market = await openSmallMarket('explain', (_name, port) => port)
    const job = await market.runJob(() => undefined)
    const { http } = market.world.aggregator.running!.service
    const ask = async (query = '') =>
      http.fetch(new Request(`http://aggregator/v1/jobs/${job.orderId}/explain${query}`))
    const whole = JobExplanation.parse(await (await ask()).json())
    assert.equal(whole.left, 0)
    const kinds = whole.findings.map(({ kind }) => kind)
    assert.ok(kinds.includes('settled'), kinds.join())
    // A newcomer is audited always.
    for (const kind of ['sampled', 'audited', 'accepted'] as const)
      assert.ok(
        whole.findings.some((finding) => finding.kind === kind && finding.shard === 0 && finding.attempt === 1),
        kind,
      )
    const [audit] = whole.facts.audits
    assert.equal(audit?.rounds[0]?.opened.length, 1)
    assert.ok([...audit.rounds[0].seats, ...audit.rounds[0].alternates].includes(audit.rounds[0].opened[0]!))

    const shard = JobExplanation.parse(await (await ask('?shard=0')).json())
    assert.ok(shard.findings.every((finding) => finding.shard === 0))
    for (const bad of ['?shard=1', '?shard=-1', '?shard=x']) assert.equal((await ask(bad)).status, 400, bad)
  })
})
