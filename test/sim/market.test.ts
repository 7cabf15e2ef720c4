/**
 * Seeded runs of the whole market. A failure names its seed; `ASSAY_SIM_SEED=<seed>` replays it alone, `ASSAY_SIM_RUNS` sets
 * how many there are.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { usdc, type JobView } from '@assay/protocol'
import { createSeededRng } from '@assay/testkit'
import { image, openSimulatedMarket, stakeUsdc, type Casting, type SimulatedMarket } from './simulated-market.ts'

const runs = Number(process.env['ASSAY_SIM_RUNS'] ?? 12)
const only = process.env['ASSAY_SIM_SEED']
const seeds = only === undefined ? Array.from({ length: runs }, (_, at) => `market-${at}`) : [only]

/** The longest a job may take in simulated time: its own windows are hours, but nobody waits for those. */
const patienceMs = 2 * 60 * 60_000

for (const seed of seeds)
  test(`seed ${seed}: money and verdicts come out right whatever happens`, async () => {
    const rng = createSeededRng(`${seed}/story`)
    const casting: Casting = {
      honest: 3 + rng.below(2),
      garbage: rng.below(2),
      validators: 5,
      cutPerMille: rng.pick([0, 5, 20]),
      delayMs: rng.pick([0, 30, 150]),
    }
    const shards = 1 + rng.below(4)
    const story = {
      crashes: rng.below(3),
      silentValidator: rng.chance(0.3),
      lostProvider: rng.chance(0.3),
      cancelled: rng.chance(0.15),
    }
    const market = await openSimulatedMarket(seed, casting)
    try {
      await play(market, { shards, ...story })
    } catch (error) {
      throw new Error(`replay with ASSAY_SIM_SEED=${seed}: ${JSON.stringify({ casting, shards, story })}`, {
        cause: error,
      })
    } finally {
      await market[Symbol.asyncDispose]()
    }
  })

interface Story {
  readonly shards: number
  readonly crashes: number
  readonly silentValidator: boolean
  readonly lostProvider: boolean
  readonly cancelled: boolean
}

async function play(market: SimulatedMarket, story: Story): Promise<void> {
  const { chain, client, rng } = market
  const signal = new AbortController().signal
  const before = await chain.reader.usdcBalance(market.clientAddress, signal)
  const inputs = Array.from({ length: story.shards }, (_, at) => ({
    name: `s${at}`,
    file: `input ${at} ${rng.below(1e6)}`,
  }))
  const shardInputs = inputs.map(({ name, file }) => ({
    name,
    files: [{ path: name, open: () => new Blob([file]) }],
  }))
  const job = await market.until(
    client.map({ image, command: ['reverse', '{}'], inputs: shardInputs, timeLimitMs: 2_000 }),
    patienceMs,
  )
  if (story.lostProvider) market.isolate(rng.pick(market.honest))
  if (story.silentValidator) market.isolate(rng.pick(market.validators))
  for (let crash = 0; crash < story.crashes; crash++) {
    await market.pass(rng.below(8_000))
    await market.crashAggregator()
    chain.assertConserved()
  }
  if (story.cancelled)
    await market.until(
      job.cancel().catch(() => undefined),
      patienceMs,
    )

  const view = await closed(market, job.state)
  chain.assertConserved()
  await checkMoney(market, view, before)
  if (view.outcome !== 'settled' && view.outcome !== 'partial') return
  // Verifies signatures, roots, openings, sampling and payouts, or throws.
  const receipt = await market.until(job.receipt(), patienceMs)
  assert.equal(receipt.accepted, view.accepted)
  for await (const { name, output } of resultsOf(market, job)) {
    const file = inputs.find((input) => input.name === name)?.file ?? assert.fail('a result of no shard')
    assert.equal(output, file.split('').reverse().join(''), 'an accepted result is the right one')
  }
  if (!story.cancelled) assert.equal(view.accepted, story.shards, 'honest providers and time were left')
}

async function closed(market: SimulatedMarket, state: () => Promise<JobView>): Promise<JobView> {
  for (let passed = 0; passed < patienceMs; passed += 2_000) {
    const view = await market.until(state(), patienceMs).catch(() => undefined)
    if (view?.state === 'closed') return view
    await market.pass(2_000)
  }
  assert.fail('the job never ended')
}

/** The client pays what was charged and never more than its terms; honest stakes stay whole; cheats earn nothing. */
async function checkMoney(market: SimulatedMarket, view: JobView, before: bigint): Promise<void> {
  const { chain, honest, garbage, validators } = market
  const signal = new AbortController().signal
  const spent = before - (await chain.reader.usdcBalance(market.clientAddress, signal))
  assert.equal(spent, view.chargedUsdc ?? usdc(0n))
  assert.ok(spent <= view.terms.maxAmount)
  for (const { address } of [...honest, ...validators])
    assert.equal((await chain.reader.operator(address, signal))?.stake, stakeUsdc, 'nobody honest is slashed')
  for (const { address } of garbage) {
    const operator = (await chain.reader.operator(address, signal)) ?? assert.fail('unregistered')
    assert.equal(await chain.reader.earnings(operator.index, signal), 0n, 'garbage earns nothing')
    if (view.convicted.includes(address)) assert.ok(operator.stake < stakeUsdc, 'a convict loses stake')
  }
  for (const address of view.convicted)
    assert.ok(
      garbage.some((cheat) => cheat.address === address),
      'only cheats are convicted',
    )
}

async function* resultsOf(market: SimulatedMarket, job: Awaited<ReturnType<SimulatedMarket['client']['map']>>) {
  const results = job.results()
  for (;;) {
    const next = await market.until(results.next(), patienceMs)
    if (next.done === true) return
    const files = new Map<string, string>()
    await market.until(
      next.value.read(async (entry, bytes) => {
        if (entry.kind === 'file') files.set(entry.path, new TextDecoder().decode(await collect(bytes)))
      }),
      patienceMs,
    )
    yield { name: next.value.name, output: files.get('reversed.txt') }
  }
}

async function collect(bytes: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const part of bytes) parts.push(part)
  return Buffer.concat(parts)
}
