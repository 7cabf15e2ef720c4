import { openLocalBeacon } from '@assay/beacon'
import {
  createAggregatorStore,
  migrations as aggregatorMigrations,
  openAggregator,
  serveAggregator,
} from '@assay/aggregator'
import { openWallet } from '@assay/chain'
import type { ChainReader, Sandbox } from '@assay/core'
import { openDatabase, silentLogger, systemClock, type Logger } from '@assay/node-kit'
import { basisPoints, byteCount, durationMs, limits, unixMs, usdc, type Address, type QuorumId } from '@assay/protocol'
import { createSqliteStore, migrations as providerMigrations, openProvider } from '@assay/provider'
import { openSandbox } from '@assay/runner'
import {
  createSqliteStore as createValidatorStore,
  migrations as validatorMigrations,
  openValidator,
} from '@assay/validator'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { deriveActor, deriveActors, type Actor } from './actors.ts'
import { openGarbageSandbox } from './garbage-sandbox.ts'
import { openMarketChain, type MarketChain } from './open-market-chain.ts'
import { openNode, type NodeParts } from './open-node.ts'

export interface DevnetOptions {
  /** Folder for all state of the devnet. */
  readonly dataDir: string
  /** Keys follow from it: equal seeds give equal actors. */
  readonly seed: string
  /** Default 4. */
  readonly honestProviders?: number
  /** Providers that return plausible garbage. Default 1. */
  readonly garbageProviders?: number
  /** Default 5, with a threshold of 3: a mismatch then finds three fresh seats for its panel. */
  readonly validators?: number
  readonly threshold?: number
  /** Port of the aggregator's HTTP API; 0 lets the system choose. */
  readonly httpPort?: number
  readonly rpcPort?: number
  readonly log?: Logger
  /** Told what is being started, for progress. */
  readonly onStep?: (step: string) => void
}

export interface DevnetProvider extends Actor {
  readonly honest: boolean
}
/** A whole market on this machine. */
export interface Devnet extends AsyncDisposable {
  readonly aggregatorUrl: string
  readonly rpcUrl: string
  readonly escrow: Address
  readonly quorumId: QuorumId
  readonly beaconUrl: string
  readonly bootstrap: readonly string[]
  /** A funded client. */
  readonly client: Actor
  readonly aggregator: Actor
  readonly providers: readonly DevnetProvider[]
  readonly validators: readonly Actor[]
  readonly chain: ChainReader
}

const stake = usdc(50_000_000n)
const clientFunds = usdc(10_000_000_000n)
/** Short rounds: an epoch waits two of them for its seed. */
const beaconPeriod = durationMs(1_000)

/** Starts everything and resolves once the aggregator has found every node. */
export async function openDevnet(options: DevnetOptions, signal: AbortSignal): Promise<Devnet> {
  const { seed, dataDir, onStep = () => undefined } = options
  await using stack = new AsyncDisposableStack()
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  const cast = castActors(options)
  onStep('chain and contracts')
  const market = stack.use(
    await openMarketChain(
      {
        ...cast,
        threshold: options.threshold ?? 3,
        stakeUsdc: stake,
        clientUsdc: clientFunds,
        port: options.rpcPort ?? 0,
      },
      signal,
    ),
  )
  onStep('beacon')
  const genesisMs = unixMs(systemClock.now() - 60_000)
  const beacon = stack.use(await openLocalBeacon({ clock: systemClock }, { seed, genesisMs, periodMs: beaconPeriod }))
  const build = { stack, options, market, beacon, signal }
  onStep('aggregator')
  const aggregator = await startAggregator(build, cast.aggregator)
  const bootstrap = aggregator.parts.network.addresses()
  onStep(`${cast.providers.length} providers`)
  await Promise.all(cast.providers.map((provider) => startProvider(build, provider, bootstrap)))
  onStep(`${cast.validators.length} validators`)
  await Promise.all(cast.validators.map((validator) => startValidator(build, validator, bootstrap)))
  onStep('nodes finding each other')
  await aggregator.untilSeen(cast.providers.length, cast.validators.length, signal)
  const owned = stack.move()
  return {
    ...cast,
    aggregatorUrl: aggregator.url,
    rpcUrl: market.rpcUrl,
    escrow: market.escrow,
    quorumId: market.quorumId,
    beaconUrl: beacon.url,
    bootstrap,
    chain: aggregator.parts.chain,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

interface Build {
  readonly stack: AsyncDisposableStack
  readonly options: DevnetOptions
  readonly market: MarketChain
  readonly beacon: Parameters<typeof openNode>[1]['beacon']
  readonly signal: AbortSignal
}

function castActors({ seed, honestProviders = 4, garbageProviders = 1, validators = 5 }: DevnetOptions) {
  const providers: DevnetProvider[] = [
    ...deriveActors(seed, 'provider', honestProviders).map((actor) => ({ ...actor, honest: true })),
    ...deriveActors(seed, 'garbage', garbageProviders).map((actor) => ({ ...actor, honest: false })),
  ]
  return {
    aggregator: deriveActor(seed, 'aggregator'),
    client: deriveActor(seed, 'client'),
    providers,
    validators: deriveActors(seed, 'validator', validators),
  }
}

const openParts = (
  { stack, options, market, beacon, signal }: Build,
  actor: Actor,
  bootstrap: readonly string[],
): Promise<NodeParts> =>
  openNode(
    stack,
    { actor, dataDir: options.dataDir, market, beacon, bootstrap, log: options.log ?? silentLogger },
    signal,
  )

async function startAggregator(build: Build, actor: Actor) {
  const { stack, options, market, signal } = build
  const parts = await openParts(build, actor, [])
  const database = stack.use(openDatabase(join(parts.dir, 'aggregator.db'), { migrations: aggregatorMigrations }))
  const store = createAggregatorStore(database)
  const wallet = openWallet(parts.chainClient, actor.privateKey, store.transactions)
  const service = stack.use(
    await openAggregator(
      { ...parts, store, wallet },
      {
        quorumId: market.quorumId,
        feeBps: basisPoints(200),
        priceUsdc: usdc(10_000n),
        auditFeeUsdc: usdc(5_000n),
        seedDelayRounds: 2,
        settleWindowMs: 10 * 60_000,
        refundDelayMs: 60_000,
      },
      signal,
    ),
  )
  const server = stack.use(await serveAggregator(service, { host: '127.0.0.1', port: options.httpPort ?? 0 }))
  return { parts, url: server.url, untilSeen: service.untilSeen }
}

async function startProvider(build: Build, actor: DevnetProvider, bootstrap: readonly string[]): Promise<void> {
  const { stack } = build
  const parts = await openParts(build, actor, bootstrap)
  const honest = stack.use(await openOwnSandbox(parts, actor, build.signal))
  const sandbox = actor.honest ? honest : openGarbageSandbox(honest)
  const database = stack.use(openDatabase(join(parts.dir, 'provider.db'), { migrations: providerMigrations }))
  const options = {
    slots: 8,
    minPriceUsdc: usdc(1_000n),
    classes: ['D1' as const],
    inputBytes: byteCount(limits.inputBytes),
  }
  stack.use(await openProvider({ ...parts, sandbox, store: createSqliteStore(database) }, options))
}

async function startValidator(build: Build, actor: Actor, bootstrap: readonly string[]): Promise<void> {
  const { stack } = build
  const parts = await openParts(build, actor, bootstrap)
  const sandbox = stack.use(await openOwnSandbox(parts, actor, build.signal))
  const database = stack.use(openDatabase(join(parts.dir, 'validator.db'), { migrations: validatorMigrations }))
  stack.use(await openValidator({ ...parts, sandbox, store: createValidatorStore(database) }))
}

/** All nodes of a devnet share this machine's cores: one container each at a time. */
const openOwnSandbox = (parts: NodeParts, actor: Actor, signal: AbortSignal): Promise<Sandbox> =>
  openSandbox(
    { clock: systemClock },
    { runnerId: `devnet-${actor.address.slice(2, 14)}`, stagingDir: join(parts.dir, 'staging'), maxConcurrent: 1 },
    signal,
  )
