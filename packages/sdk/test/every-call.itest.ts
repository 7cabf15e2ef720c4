/** Whichever call to the aggregator fails: once, and the job goes through; for good, and what was signed can be found again. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { collectFiles, createMemoryJobStore, isMarketError, type Client, type Job } from '../src/index.ts'
import type { Fetch } from '../src/http.ts'
import { balance, collect, two } from './fixture/expect.ts'
import { openScene } from './fixture/open-scene.ts'

/** Everything a caller does with a job. */
async function live(client: Client): Promise<Job> {
  const job = await client.map(two)
  await collect(job.events())
  for await (const output of job.results()) await collectFiles(output)
  await job.receipt()
  await job.explain()
  return job
}

/** A `fetch` whose calls from number `first` to number `last` fail; counts all. */
function failing(first: number, last: number): { readonly fetch: Fetch; readonly calls: () => number } {
  let calls = 0
  return {
    calls: () => calls,
    async fetch(url, init) {
      calls++
      if (calls >= first && calls <= last) throw new TypeError(`call ${calls} fails`)
      return fetch(url, init)
    },
  }
}

test('survives the failure of any one call and pays once', async () => {
  await using scene = await openScene()
  let before = await balance(scene)
  const whole = failing(0, 0)
  await live(await scene.open({ fetch: whole.fetch }))
  assert.ok(whole.calls() > 8)
  const cost = before - (await balance(scene))
  for (let n = 1; n <= whole.calls() + 1; n++) {
    before = await balance(scene)
    await live(await scene.open({ fetch: failing(n, n).fetch }))
    assert.equal(before - (await balance(scene)), cost, `call ${n}`)
  }
})

test('ends in a typed error when the aggregator stays away, and finds what was signed when it is back', async () => {
  await using scene = await openScene()
  let tried = 0
  // From the second call on: without the first there is no client. How many there are depends a little on time.
  for (let n = 2; ; n++) {
    const store = createMemoryJobStore()
    const before = await balance(scene)
    const client = await scene.open({ fetch: failing(n, Number.POSITIVE_INFINITY).fetch, store })
    const error: unknown = await live(client).then(
      () => undefined,
      (reason: unknown) => reason,
    )
    if (error === undefined) break
    tried++
    assert.ok(isMarketError(error) && error.code === 'market-unreachable', `call ${n}`)
    const [signed] = await store.list(new AbortController().signal)
    if (signed === undefined) {
      assert.equal(await balance(scene), before, `nothing was signed, call ${n}`)
      assert.equal(client.spending().takenUsdc, 0n)
      continue
    }
    const again = await (await scene.open({ store })).job(signed.orderId)
    const { chargedUsdc } = await again.receipt()
    assert.equal(before - (await balance(scene)), chargedUsdc, `paid once, call ${n}`)
  }
  assert.ok(tried > 8)
})
