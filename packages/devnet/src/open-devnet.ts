import { openLocalBeacon } from '@assay/beacon'
import {
  createAggregatorStore,
  migrations as aggregatorMigrations,
  openAggregator,
  serveAggregator,
  type AggregatorDeps,
} from '@assay/aggregator'
import { openWallet } from '@assay/chain'
import type { ChainReader, Sandbox } from '@assay/core'
import { openDatabase, silentLogger, systemClock, type Logger } from '@assay/node-kit'
import {
  basisPoints,
  byteCount,
  durationMs,
  limits,
  unixMs,
  usdc,
  type Address,
  type QuorumId,
  type UsdcBase,
} from '@assay/protocol'
import { createSqliteStore, migrations as providerMigrations, openProvider } from '@assay/provider'
import { openSandbox } from '@assay/runner'
import {
  createSqliteStore as createValidatorStore,
  migrations as validatorMigrations,
  openValidator,
} from '@assay/validator'
import type { VillainName } from '@assay/villains'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { deriveActor, deriveActors, type Actor } from './actors.ts'
import { openMarketChain, type MarketChain } from './open-market-chain.ts'
import { openNode, type NodeParts } from './open-node.ts'
import { playClient } from './play-client.ts'
import { castVillains, type Player } from './villains/cast-villains.ts'
import { createDeeds, type Deeds } from './villains/deeds.ts'

export interface DevnetOptions {
  /** Folder for all state of the devnet. */
  readonly dataDir: string
  /** Keys follow from it: equal seeds give equal actors. */
  readonly seed: string
  /** Default 4. */
  readonly honestProviders?: number
  /** Villains by their names in the catalogue, each an actor or more besides the honest ones. Default one `junk`. */
  readonly villains?: readonly string[]
  /** Honest validators. Default 5: a mismatch then finds three fresh seats for its panel. */
  readonly validators?: number
  /** Signatures that settle. Default: more than half of all validators. */
  readonly threshold?: number
  /** Port of the aggregator's HTTP API; 0 lets the system choose. */
  readonly httpPort?: number
  readonly rpcPort?: number
  readonly log?: Logger
  /** Told what is being started, for progress. */
  readonly onStep?: (step: string) => void
}

export interface DevnetProvider extends Actor {
  readonly stakeUsdc?: UsdcBase
  readonly honest: boolean
  /** Absent when it is honest. */
  readonly villain?: VillainName
}
export interface DevnetValidator extends Actor {
  readonly honest: boolean
  /** Absent when it is honest. */
  readonly villain?: VillainName
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
  readonly validators: readonly DevnetValidator[]
  readonly chain: ChainReader
  /** What the villains did so far. */
  readonly deeds: Pick<Deeds, 'all' | 'until'>
}

const stake = usdc(50_000_000n)
const clientFunds = usdc(10_000_000_000n)
/** Short rounds: an epoch waits two of them for its seed. */
const beaconPeriod = durationMs(1_000)

/**
 * Starts everything and resolves once the aggregator has found every node; clients that are villains begin to buy then.
 * Throws `config-invalid` when no villain has one of the names.
 */
export async function openDevnet(options: DevnetOptions, signal: AbortSignal): Promise<Devnet> {
  const { seed, dataDir, onStep = () => undefined } = options
  await using stack = new AsyncDisposableStack()
  const cast = castActors(options)
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  onStep('chain and contracts')
  const market = stack.use(
    await openMarketChain(
      {
        ...cast,
        threshold: options.threshold ?? Math.floor(cast.validators.length / 2) + 1,
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
  const build = { stack, options, market, beacon, players: cast.players, signal }
  onStep('aggregator')
  const aggregator = await startAggregator(build, cast.aggregator)
  const bootstrap = aggregator.parts.network.addresses()
  onStep(`${cast.providers.length} providers`)
  await Promise.all(cast.providers.map((provider) => startProvider(build, provider, bootstrap)))
  onStep(`${cast.validators.length} validators`)
  await Promise.all(cast.validators.map((validator) => startValidator(build, validator, bootstrap)))
  onStep('nodes finding each other')
  const late = cast.players.filter(({ role }) => role.party === 'provider' && role.comesLate === true)
  await aggregator.untilSeen(cast.providers.length - late.length, cast.validators.length, signal)
  startClients(build, aggregator.url)
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
  readonly players: readonly Player<Actor>[]
  readonly signal: AbortSignal
}

function castActors({ seed, honestProviders = 4, villains = ['junk'], validators = 5 }: DevnetOptions) {
  const aggregator = deriveActor(seed, 'aggregator')
  const deeds = createDeeds()
  const players = castVillains(villains, { seed, aggregator, deeds, actorOf: (name) => deriveActor(seed, name) })
  const providers: DevnetProvider[] = deriveActors(seed, 'provider', honestProviders).map(asHonest)
  const judges: DevnetValidator[] = deriveActors(seed, 'validator', validators).map(asHonest)
  const otherClients: Actor[] = []
  for (const { actor, role, villain } of players) {
    const member = { ...actor, villain, honest: false }
    if (role.party === 'provider')
      providers.push({ ...member, stakeUsdc: usdc(stake / BigInt(role.stakeDivisor ?? 1)) })
    else if (role.party === 'validator') judges.push(member)
    else if (role.party === 'client') otherClients.push(actor)
  }
  return {
    aggregator,
    client: deriveActor(seed, 'client'),
    otherClients,
    providers,
    validators: judges,
    players,
    deeds,
  }
}

const asHonest = (actor: Actor) => ({ ...actor, honest: true })

/** The player that has this actor's key, if it is a villain. */
const playerOf = ({ players }: Build, { address }: Actor): Player<Actor> | undefined =>
  players.find(({ actor, role }) => actor.address === address && role.party !== 'aggregator')

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
  const honest: AggregatorDeps = { ...parts, store, wallet }
  const service = stack.use(
    await openAggregator(
      build.players.reduce(
        (deps, { role, stage }) => (role.party === 'aggregator' ? role.disguise(deps, stage) : deps),
        honest,
      ),
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
  const sandbox = stack.use(await openOwnSandbox(parts, actor, build.signal))
  const database = stack.use(openDatabase(join(parts.dir, 'provider.db'), { migrations: providerMigrations }))
  const options = {
    slots: 8,
    minPriceUsdc: usdc(1_000n),
    classes: ['D1' as const, 'D2' as const, 'DX' as const],
    inputBytes: byteCount(limits.inputBytes),
  }
  const deps = { ...parts, sandbox, store: createSqliteStore(database) }
  const player = playerOf(build, actor)
  const disguised = player?.role.party === 'provider' ? player.role.disguise(deps, player.stage) : deps
  stack.use(await openProvider(disguised, options))
}

async function startValidator(build: Build, actor: Actor, bootstrap: readonly string[]): Promise<void> {
  const { stack } = build
  const parts = await openParts(build, actor, bootstrap)
  const sandbox = stack.use(await openOwnSandbox(parts, actor, build.signal))
  const database = stack.use(openDatabase(join(parts.dir, 'validator.db'), { migrations: validatorMigrations }))
  const deps = { ...parts, sandbox, store: createValidatorStore(database) }
  const player = playerOf(build, actor)
  stack.use(await openValidator(player?.role.party === 'validator' ? player.role.disguise(deps, player.stage) : deps))
}

/** Sends the clients among the villains shopping. They are called off, and awaited, before anything else closes. */
function startClients({ stack, players, market, signal }: Build, aggregatorUrl: string): void {
  const stop = new AbortController()
  const stopped = AbortSignal.any([signal, stop.signal])
  const shopping = players.map(async ({ role, stage, actor }) =>
    role.party === 'client'
      ? playClient({ role, stage, privateKey: actor.privateKey }, { aggregatorUrl, rpcUrl: market.rpcUrl }, stopped)
      : undefined,
  )
  stack.defer(async () => {
    stop.abort(new Error('the devnet is closing'))
    await Promise.all(shopping)
  })
}

/** All nodes of a devnet share this machine's cores: one container each at a time. */
const openOwnSandbox = (parts: NodeParts, actor: Actor, signal: AbortSignal): Promise<Sandbox> =>
  openSandbox(
    { clock: systemClock },
    { runnerId: `devnet-${actor.address.slice(2, 14)}`, stagingDir: join(parts.dir, 'staging'), maxConcurrent: 1 },
    signal,
  )
