/**
 * The real aggregator, providers and validators in one process, on a fake clock, network, chain, beacon and sandbox.
 * Everything that happens follows from a seed: who lies, who vanishes, which frames are late, which streams are cut, when the
 * aggregator crashes. Nothing sleeps for real.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate, setTimeout } from 'node:timers/promises'
import {
  createAggregatorStore,
  migrations as aggregatorMigrations,
  openAggregator,
  type Aggregator,
} from '@assay/aggregator'
import type { BlobStore, Network } from '@assay/core'
import { openDatabase, openOperator, silentLogger, type Database } from '@assay/node-kit'
import { basisPoints, byteCount, concatBytes, usdc, type Address } from '@assay/protocol'
import {
  createSqliteStore as createProviderStore,
  migrations as providerMigrations,
  openProvider,
} from '@assay/provider'
import { openClient, type Client } from '@assay/sdk'
import {
  createFakeBeacon,
  createFakeBlobStore,
  createFakeChain,
  createFakeClock,
  createFakeSandbox,
  createNetworkHub,
  createSeededRng,
  createTestActor,
  type FakeChain,
  type FakeClock,
  type FakeImage,
  type SeededRng,
  type TestActor,
} from '@assay/testkit'
import {
  createSqliteStore as createValidatorStore,
  migrations as validatorMigrations,
  openValidator,
} from '@assay/validator'

export const image = `sha256:${'5a'.repeat(32)}`
const never = new AbortController().signal
export const stakeUsdc = 50_000_000n

export interface Casting {
  readonly honest: number
  readonly garbage: number
  readonly validators: number
  /** Chance, in 1000, that a frame cuts its stream. */
  readonly cutPerMille: number
  /** Longest delay of a frame. */
  readonly delayMs: number
}
export interface SimulatedMarket extends AsyncDisposable {
  readonly clock: FakeClock
  readonly chain: FakeChain
  readonly rng: SeededRng
  readonly client: Client
  readonly clientAddress: Address
  readonly honest: readonly TestActor[]
  readonly garbage: readonly TestActor[]
  readonly validators: readonly TestActor[]
  /** Ends the aggregator without a word and starts a new one on the same store. */
  crashAggregator(): Promise<void>
  /** Cuts a node off from everybody, or lets it back. */
  isolate(actor: TestActor): void
  heal(): void
  /** Lets `ms` pass, in small steps, and lets real I/O of this process catch up. */
  pass(ms: number): Promise<void>
  /** Passes time until `promise` settles. Throws after `limitMs` of simulated time. */
  until<T>(promise: Promise<T>, limitMs: number): Promise<T>
}

export async function openSimulatedMarket(seed: string, casting: Casting): Promise<SimulatedMarket> {
  const stack = new AsyncDisposableStack()
  const rng = createSeededRng(seed)
  const clock = createFakeClock()
  const dir = await mkdtemp(join(tmpdir(), 'assay-sim-'))
  stack.defer(async () => rm(dir, { recursive: true, force: true }))
  const chain = createFakeChain({ clock })
  const beacon = createFakeBeacon({ clock }, { seed, genesisMs: clock.now() - 60_000, periodMs: 3_000 })
  const hub = createNetworkHub(clock)
  hub.intercept(({ protocol }) => {
    // Adverts come back by themselves; cutting them only makes the run longer.
    if (protocol !== '/assay/advert/1' && rng.below(1000) < casting.cutPerMille) return { kind: 'cut' }
    return { kind: 'deliver', delayMs: casting.delayMs === 0 ? 0 : rng.below(casting.delayMs) }
  })
  const actors = cast(seed, casting)
  for (const { address } of actors.providers) chain.register(address, { provider: true, stakeUsdc })
  for (const { address } of actors.validators) chain.register(address, { validator: true, stakeUsdc })
  const members = actors.validators.map(({ address }) => address)
  const quorumId = chain.createQuorum(members, Math.floor(members.length / 2) + 1)
  chain.mint(actors.client.address, 1_000_000_000n)

  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 50) {
      await clock.advance(50)
      // Hashing runs on other threads: give it its turn before the clock moves on.
      for (let turn = 0; turn < 3; turn++) await setImmediate()
    }
  }
  /** Opens something while time goes on: start-up waits for the network, too. */
  const opening = async <T>(work: Promise<T>): Promise<T> => until(work, 60_000)
  const until = async <T>(promise: Promise<T>, limitMs: number): Promise<T> => {
    let done = false
    const mark = (): void => void (done = true)
    promise.then(mark, mark)
    for (let passed = 0; !done && passed < limitMs; passed += 50) {
      await pass(50)
      if (!done) await setTimeout(0)
    }
    if (!done) throw new Error(`nothing after ${limitMs} ms of simulated time`)
    return promise
  }

  const databases = new Map<string, Database>()
  const databaseOf = (actor: TestActor, migrations: readonly string[]): Database => {
    const known = databases.get(actor.address)
    if (known !== undefined) return known
    const database = stack.use(openDatabase(':memory:', { migrations }))
    databases.set(actor.address, database)
    return database
  }
  const shared = { clock, beacon, rng, log: silentLogger, chain: chain.reader }
  const aggregatorBlobs = fileBacked(dir)
  let aggregatorNetwork: Network | undefined
  let aggregator: Aggregator | undefined
  const startAggregator = async (): Promise<void> => {
    const { privateKey, address } = actors.aggregator
    aggregatorNetwork = hub.open(privateKey)
    const store = createAggregatorStore(databaseOf(actors.aggregator, aggregatorMigrations))
    const parts = { ...shared, signer: openOperator(privateKey), network: aggregatorNetwork, blobs: aggregatorBlobs }
    const options = {
      quorumId,
      feeBps: basisPoints(200),
      priceUsdc: usdc(10_000n),
      auditFeeUsdc: usdc(5_000n),
      seedDelayRounds: 3,
      settleWindowMs: 30 * 60_000,
      refundDelayMs: 60_000,
    }
    aggregator = await opening(openAggregator({ ...parts, store, wallet: chain.writer(address) }, options, never))
  }
  const stopAggregator = async (): Promise<void> => {
    const [service, network] = [aggregator, aggregatorNetwork]
    aggregator = undefined
    await until(Promise.all([network?.[Symbol.asyncDispose](), service?.[Symbol.asyncDispose]()]), 600_000)
  }
  await startAggregator()
  stack.defer(stopAggregator)
  const bootstrap = aggregatorNetwork?.addresses() ?? []
  for (const actor of actors.providers) {
    const network = stack.use(hub.open(actor.privateKey, { bootstrap }))
    const program = actors.garbage.includes(actor) ? garbage : honest
    const sandbox = stack.use(createFakeSandbox({ clock }, { images: { [image]: program } }))
    const store = createProviderStore(databaseOf(actor, providerMigrations))
    const parts = { ...shared, signer: openOperator(actor.privateKey), network, sandbox, store, blobs: fileBacked(dir) }
    const options = { slots: 2, minPriceUsdc: usdc(1n), classes: ['D1' as const], inputBytes: byteCount(1_000_000) }
    stack.use(await opening(openProvider(parts, options)))
  }
  for (const actor of actors.validators) {
    const network = stack.use(hub.open(actor.privateKey, { bootstrap }))
    const sandbox = stack.use(createFakeSandbox({ clock }, { images: { [image]: honest } }))
    const store = createValidatorStore(databaseOf(actor, validatorMigrations))
    const parts = { ...shared, signer: openOperator(actor.privateKey), network, sandbox, store, blobs: fileBacked(dir) }
    stack.use(await opening(openValidator(parts)))
  }
  const everybody = [actors.aggregator, ...actors.providers, ...actors.validators]
  await until(aggregator!.untilSeen(actors.providers.length, actors.validators.length, never), 300_000)
  const client = await opening(
    openClient({
      aggregator: 'http://aggregator',
      privateKey: actors.client.privateKey,
      spendingCapUsdc: '100',
      chain: { reader: chain.reader },
      clock,
      fetch: async (url, init) => {
        if (aggregator === undefined) throw new TypeError('the aggregator is down')
        return aggregator.http.fetch(new Request(url, init))
      },
    }),
  )
  stack.use(client)
  return {
    clock,
    chain,
    rng,
    client,
    clientAddress: actors.client.address,
    honest: actors.honest,
    garbage: actors.garbage,
    validators: actors.validators,
    async crashAggregator() {
      await stopAggregator()
      await startAggregator()
    },
    isolate(actor) {
      for (const other of everybody) if (other !== actor) hub.partition(actor.address, other.address)
    },
    heal: () => hub.heal(),
    pass,
    until,
    async [Symbol.asyncDispose]() {
      // Closing waits for streams and sleepers, so time must go on meanwhile.
      await until(stack.disposeAsync(), 3_600_000)
    },
  }
}

/** Reverses its input, and takes a while. */
const honest: FakeImage = ({ inputs }) => {
  const [input] = inputs.values()
  const text = new TextDecoder().decode(input?.bytes)
  return { files: { 'reversed.txt': text.split('').reverse().join('') }, stdout: `${text.length}\n`, durationMs: 200 }
}
/** Right in shape, wrong in content. */
const garbage: FakeImage = ({ inputs }) => {
  const [input] = inputs.values()
  return { files: { 'reversed.txt': 'x'.repeat(input?.bytes.length ?? 1) }, stdout: '7\n', durationMs: 20 }
}

function cast(seed: string, casting: Casting) {
  const named = (role: string, count: number): TestActor[] =>
    Array.from({ length: count }, (_, at) => createTestActor(`${seed}/${role}/${at}`))
  const [honestOnes, garbageOnes] = [named('honest', casting.honest), named('garbage', casting.garbage)]
  return {
    aggregator: createTestActor(`${seed}/aggregator`),
    client: createTestActor(`${seed}/client`),
    honest: honestOnes,
    garbage: garbageOnes,
    providers: [...honestOnes, ...garbageOnes],
    validators: named('validator', casting.validators),
  }
}

/** Blobs in memory that can be handed to a sandbox. */
function fileBacked(dir: string): BlobStore {
  const store = createFakeBlobStore()
  const pathOf: BlobStore['pathOf'] = async (root) => {
    const parts: Uint8Array[] = []
    for await (const part of store.read(root, {}, never)) parts.push(part)
    const path = join(dir, root)
    await writeFile(path, concatBytes(...parts))
    return path
  }
  return { ...store, pathOf }
}
