/** A quote without a job: what it costs, what verification buys. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { balance, fails, two } from './fixture/expect.ts'
import { openScene } from './fixture/open-scene.ts'

test('prices a job and the work of a cheat, without uploading, signing or paying', async () => {
  await using scene = await openScene()
  const before = await balance(scene)
  const { economics, quote, spec } = await scene.client.quote(two)
  assert.equal(quote.shardsUsdc, 200_000n)
  assert.deepEqual(
    economics.outlooks.map(({ meanShards, shards95, gainUsdc }) => [meanShards.toFixed(1), shards95, gainUsdc]),
    [
      ['25.7', 76, 100_000n],
      ['1.4', 3, 100_000n],
    ],
  )
  assert.ok(economics.outlooks.every(({ expectedGainUsdc }) => expectedGainUsdc < 0n))
  assert.equal(spec.shards.length, 2)
  assert.ok(scene.aggregator.requests.every((request) => !/^(PUT|POST \/v1\/jobs)/.test(request)))
  assert.equal(await balance(scene), before)
  assert.equal(scene.client.spending().takenUsdc, 0n)
})

test('lets the caller buy more audits, and refuses an aggregator that would not give them', async () => {
  await using scene = await openScene()
  await assert.rejects(scene.client.quote({ ...two, minAuditRate: 0.25 }), fails('terms-mismatch'))
  scene.aggregator.bend.quote = (quote) => ({
    ...quote,
    auditRateMinPpm: 250_000,
    bands: quote.bands.map((band) => ({ ...band, ratePpm: Math.max(band.ratePpm, 250_000) })),
  })
  const { economics } = await scene.client.quote({ ...two, minAuditRate: 0.25 })
  assert.deepEqual(
    economics.outlooks.map(({ shards95 }) => shards95),
    [15, 3],
  )
})
