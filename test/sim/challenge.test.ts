/** Clients that know better: what was paid on a lie is found out when they challenge it, before the settlement and after. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { isMarketError, type JobView } from '@assay/protocol'
import { openClient, ringProvider, type Client, type Job } from '@assay/sdk'
import { createTestActor, type FakeImage } from '@assay/testkit'
import { clientUsdc } from './invariants.ts'
import { openDeterministicPlatform } from './deterministic-platform.ts'
import { image, openWorld, stakeUsdc, type World, type WorldOptions } from './world.ts'

const truth: FakeImage = ({ command }) => ({ stdout: `done: ${command.join(' ')}`, durationMs: durationOf(command) })
/** One lie that provider and validator have agreed on. */
const lie: FakeImage = ({ command }) => ({ stdout: `agreed: ${command.join(' ')}`, durationMs: durationOf(command) })
/** Shards called `slow` keep their job running. */
const durationOf = (command: readonly string[]): number => (command.includes('slow') ? 40_000 : 200)

const honest = (names: readonly string[]) => names.map((name) => ({ name, run: truth }))

interface Scene extends AsyncDisposable {
  readonly world: World
  readonly job: Job
  /** Another client with money. */
  connect(name: string): Promise<Client>
  /** Lets the clock run until the work is over. */
  wait<T>(work: Promise<T>): Promise<T>
  view(): Promise<JobView>
  /** Lets the market go on until `done`. */
  until(done: (view: JobView) => boolean | Promise<boolean>): Promise<JobView>
}

async function openScene(options: Omit<WorldOptions, 'threshold' | 'priceUsdc'>, shards = ['one']): Promise<Scene> {
  const { seed } = options
  const stack = new AsyncDisposableStack()
  const platform = openDeterministicPlatform(seed)
  stack.defer(() => platform[Symbol.dispose]())
  const world = stack.use(await openWorld({ ...options, threshold: 3, priceUsdc: 10_000n }))
  const { aggregator, chain, clock } = world
  const wait = async <T>(work: Promise<T>): Promise<T> => {
    let over = false
    const settle = (): void => void (over = true)
    work.then(settle, settle)
    while (!over) {
      await clock.advance(200)
      await setImmediate()
    }
    return work
  }
  const connect = async (name: string): Promise<Client> => {
    const actor = createTestActor(`${seed}/${name}`)
    chain.mint(actor.address, clientUsdc)
    return stack.use(
      await wait(
        openClient({
          aggregator: 'http://market.test',
          privateKey: actor.privateKey,
          spendingCapUsdc: '900',
          chain: { reader: chain.reader },
          clock,
          fetch: async (url, init) => aggregator.running!.service.http.fetch(new Request(url, init)),
        }),
      ),
    )
  }
  const client = await connect('client')
  // Providers and validators are found by asking around.
  await clock.advance(10_000)
  const inputs = shards.map((name) => ({ name, subject: name, files: [] }))
  const job = await wait(client.map({ image, command: ['work', '{}'], inputs, timeLimitMs: 60_000, certify: true }))
  const view = async (): Promise<JobView> => wait(job.state())
  return {
    world,
    connect,
    wait,
    job: { ...job, challenge: async (shard, how) => wait(job.challenge(shard, how)) },
    view,
    async until(done) {
      const start = clock.now()
      for (;;) {
        const now = await view()
        if (await done(now)) return now
        if (clock.now() - start > 60 * 60_000)
          throw new Error(`nothing more happens: ${now.state}\n${world.logLines.slice(-30).join('\n')}`)
        await clock.advance(500)
      }
    },
    [Symbol.asyncDispose]: async () => stack.disposeAsync(),
  }
}

const closed = (view: JobView): boolean => view.state === 'closed'
const stakeOf = async ({ chain, providers }: World): Promise<bigint> =>
  (await chain.reader.operator(providers[0]!.address, new AbortController().signal))?.stake ?? 0n

describe('a commit that was paid on a lie', () => {
  it('slashes its provider when a lazy validator had passed it and the client calls a panel afterwards', async () => {
    // Provider and every first auditor but one would find the truth; in this seed the liar was drawn.
    const providers = [{ name: 'p0', run: lie }]
    const validators = [{ name: 'liar', run: lie }, ...honest(['v1', 'v2', 'v3', 'v4'])]
    await using scene = await openScene({ seed: 'late-6', providers, validators })
    const { world, job } = scene
    const paid = await scene.until(closed)
    assert.equal(paid.attempts[0]?.verdict, 'passed', 'the lie was believed')
    assert.equal(await stakeOf(world), stakeUsdc)
    await job.challenge(0, { why: 'ringer' })
    await scene.until(async () => (await stakeOf(world)) < stakeUsdc)
    const after = await scene.view()
    assert.equal(after.chargedUsdc, paid.chargedUsdc, 'settled money does not move')
    assert.deepEqual(after.convicted, [world.providers[0]!.address])
  })

  it('slashes its provider when nobody had looked and the client asks for an audit afterwards', async () => {
    const providers = [{ name: 'p0', run: lie }]
    await using scene = await openScene({
      seed: 'unsampled-1',
      providers,
      validators: honest(['v1', 'v2', 'v3', 'v4', 'v5']),
      passes: 1000,
    })
    const { world, job } = scene
    const paid = await scene.until(closed)
    assert.equal(paid.attempts[0]?.verdict, 'unsampled')
    await job.challenge(0)
    await scene.until(async () => (await stakeOf(world)) < stakeUsdc)
    assert.equal((await scene.view()).chargedUsdc, paid.chargedUsdc)
  })

  it('is not paid when the client challenges it in time', async () => {
    const providers = [
      { name: 'p0', run: lie },
      { name: 'p1', run: truth },
    ]
    await using scene = await openScene(
      { seed: 'early-3', providers, validators: honest(['v1', 'v2', 'v3', 'v4', 'v5']), passes: 1000 },
      ['one', 'slow'],
    )
    const { world, job } = scene
    const liar = world.providers[0]!.address
    const of = (view: JobView) => view.attempts.find(({ shard, provider }) => shard === 0 && provider === liar)
    await scene.until((view) => of(view)?.state === 'accepted')
    await job.challenge(0, { why: 'doubt' })
    await job.challenge(0, { why: 'doubt' }).catch((error: unknown) => assert.ok(isMarketError(error)))
    const view = await scene.until(closed)
    assert.equal(of(view)?.state, 'rejected')
    assert.equal(
      view.attempts.find(({ shard, state }) => shard === 0 && state === 'accepted')?.provider,
      world.providers[1]!.address,
    )
    assert.equal(view.outcome, 'settled')
    assert.deepEqual(view.convicted, [liar])
  })
})

describe('a ringer', () => {
  const cast = { validators: honest(['v1', 'v2', 'v3', 'v4', 'v5']), passes: 1000 }
  const open = (): never => {
    throw new Error('the job has no inputs')
  }

  it('catches a provider that has begun to lie, though nobody samples it', async () => {
    let lying = false
    const providers = [{ name: 'p0', run: ((job) => (lying ? lie : truth)(job)) satisfies FakeImage }]
    await using scene = await openScene({ seed: 'ringer-1', providers, ...cast })
    const { world, job, connect, wait } = scene
    await scene.until(closed)
    const known = await wait(job.receipt())
    lying = true
    const stranger = await connect('stranger')
    const rung = await wait(ringProvider(stranger, known, { open }))
    assert.deepEqual(rung.mismatched, [0])
    await scene.until(async () => (await stakeOf(world)) < stakeUsdc)
  })

  it('finds nothing where nobody lies, and is refused to the client of the first job', async () => {
    await using scene = await openScene({ seed: 'ringer-2', providers: honest(['p0']), ...cast })
    const { world, job, connect, wait } = scene
    await scene.until(closed)
    const known = await wait(job.receipt())
    const rung = await wait(ringProvider(await connect('stranger'), known, { open }))
    assert.deepEqual([rung.compared, rung.mismatched], [1, []])
    assert.equal(await stakeOf(world), stakeUsdc)
    const same = ringProvider(await connect('client'), known, { open })
    await assert.rejects(same, (error) => isMarketError(error) && error.code === 'config-invalid')
  })
})

describe('a commit that is right', () => {
  it('is paid in full, however often it is challenged', async () => {
    const cast = { providers: honest(['p0']), validators: honest(['v1', 'v2', 'v3', 'v4', 'v5']) }
    await using scene = await openScene({ seed: 'right-1', ...cast, passes: 1000 })
    const { world, job } = scene
    const paid = await scene.until(closed)
    const reasons: unknown[] = []
    for (let again = 0; again < 3; again++) {
      await job.challenge(0).catch((error: unknown) => reasons.push(isMarketError(error) && error.details['reason']))
      await world.clock.advance(120_000)
    }
    assert.deepEqual(reasons, ['panel-held'], 'an audit, then a panel, then no more')
    assert.equal(await stakeOf(world), stakeUsdc)
    const after = await scene.view()
    assert.equal(after.chargedUsdc, paid.chargedUsdc)
    assert.deepEqual(after.convicted, [])
  })
})
