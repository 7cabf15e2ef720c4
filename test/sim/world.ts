/** A whole market in one process: real services, fake world. Equal seeds give equal worlds. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createAggregatorStore,
  migrations as aggregatorMigrations,
  openAggregator,
  type Aggregator,
  type AggregatorDeps,
  type AggregatorStore,
} from '@assay/aggregator'
import type { BlobStore, ChainReader, Log } from '@assay/core'
import type { Player as VillainPart } from '@assay/devnet/villains'
import { openDatabase } from '@assay/node-kit'
import {
  basisPoints,
  byteCount,
  concatBytes,
  usdc,
  type Address,
  type Commitment,
  type Hash32,
  type OrderId,
  type QuorumId,
} from '@assay/protocol'
import {
  createSqliteStore as createProviderStore,
  migrations as providerMigrations,
  openProvider,
} from '@assay/provider'
import {
  createFakeBeacon,
  createFakeBlobStore,
  createFakeChain,
  createFakeClock,
  createFakeSandbox,
  createNetworkHub,
  createSeededRng,
  createTestActor,
  named,
  type FakeBeacon,
  type FakeChain,
  type FakeClock,
  type FakeImage,
  type NetworkHub,
  type SeededRng,
  type TestActor,
} from '@assay/testkit'
import {
  createSqliteStore as createValidatorStore,
  migrations as validatorMigrations,
  openValidator,
} from '@assay/validator'
import { guard } from './mortal.ts'
import { createSimNodes, type Running, type SimNode } from './sim-node.ts'

export const image = `sha256:${'ab'.repeat(32)}`
export const never = new AbortController().signal

export interface WorldOptions {
  readonly seed: string
  readonly providers: readonly Machine[]
  readonly validators: readonly Machine[]
  readonly threshold: number
  /** What the aggregator posts for a shard. */
  readonly priceUsdc: bigint
  /** Audited passes that every provider is known by from the start. */
  readonly passes?: number
  /** Stands between the aggregator and one of its ports. */
  readonly wrap?: WrapPort
  /** Villains that play the aggregator. */
  readonly disguises?: readonly VillainPart<TestActor>[]
}
export type WrapPort = <T extends object>(name: 'chain' | 'wallet' | 'network' | 'blobs', port: T) => T
/** What a provider or validator computes, and how long it takes. */
export interface Machine {
  readonly name: string
  readonly run: FakeImage
  /** The part it plays, if it is a villain. */
  readonly part?: VillainPart<TestActor>
  /** Default: none that is known. */
  readonly hardwareClass?: string
}

export interface World extends AsyncDisposable {
  readonly seed: string
  readonly rng: SeededRng
  readonly clock: FakeClock
  readonly hub: NetworkHub
  readonly chain: FakeChain
  readonly beacon: FakeBeacon
  /** Switches every node's view of the chain off and on. */
  setChainOnline(on: boolean): void
  /** Reads the chain whether the nodes can or not. */
  peek<T>(read: (chain: ChainReader) => Promise<T>): Promise<T>
  readonly quorumId: QuorumId
  readonly aggregator: SimNode<RunningAggregator>
  readonly aggregatorActor: TestActor
  /** The aggregator's records, whether it runs or not. */
  readonly records: AggregatorStore
  readonly providers: readonly SimOperator[]
  readonly validators: readonly SimOperator[]
  /** Newest log lines of everybody, for the report of a failure. */
  readonly logLines: readonly string[]
}
export interface RunningAggregator extends Running {
  readonly service: Aggregator
}
export interface SimOperator {
  readonly actor: TestActor
  readonly address: Address
  readonly node: SimNode<Running>
}

export const stakeUsdc = 50_000_000n
const feeBps = basisPoints(200)

/** Builds the world and starts everybody. */
export async function openWorld(options: WorldOptions): Promise<World> {
  const { seed } = options
  await using stack = new AsyncDisposableStack()
  const dir = mkdtempSync(join(tmpdir(), 'assay-sim-'))
  stack.defer(() => rmSync(dir, { recursive: true, force: true }))
  const clock = createFakeClock()
  const chain = createFakeChain({ clock })
  const beacon = createFakeBeacon({ clock }, { seed, genesisMs: clock.now() - 60_000, periodMs: 1_000 })
  const hub = createNetworkHub(clock)
  const boot = stack.use(hub.open(createTestActor(`${seed}/boot`).privateKey))
  const logLines: string[] = []
  const nodes = createSimNodes()
  stack.defer(async () => nodes.closeAll())
  const base: Base = { clock, chain, beacon, hub, dir, nodes, bootstrap: boot.addresses(), seed, stack, logLines }

  const providers = options.providers.map((machine) => addProvider(base, machine))
  const known = providers.flatMap(({ address }) => standingOf(address, options.passes ?? 0))
  const validators = options.validators.map((machine) => addValidator(base, machine, known))
  const quorumId = chain.createQuorum(
    validators.map(({ address }) => address),
    options.threshold,
  )
  const market = addAggregator(base, quorumId, options)
  for (const judged of known) addStanding(market.records, judged)
  for (const node of [...providers, ...validators].map((operator) => operator.node)) await node.start()
  await market.aggregator.start()
  const owned = stack.move()
  let online = true
  return {
    seed,
    clock,
    hub,
    chain,
    beacon,
    quorumId,
    providers,
    validators,
    logLines,
    ...market,
    rng: createSeededRng(seed),
    setChainOnline(on) {
      online = on
      chain.setOnline(on)
    },
    async peek(read) {
      chain.setOnline(true)
      try {
        return await read(chain.reader)
      } finally {
        chain.setOnline(online)
      }
    },
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  }
}

interface Base {
  readonly seed: string
  readonly clock: FakeClock
  readonly chain: FakeChain
  readonly beacon: FakeBeacon
  readonly hub: NetworkHub
  readonly dir: string
  readonly nodes: ReturnType<typeof createSimNodes>
  readonly bootstrap: readonly string[]
  readonly stack: AsyncDisposableStack
  readonly logLines: string[]
}

function addProvider(base: Base, machine: Machine): SimOperator {
  const { nodes, chain, stack } = base
  const { part } = machine
  const role = part?.role.party === 'provider' ? part.role : undefined
  const actor = part?.actor ?? createTestActor(`${base.seed}/${machine.name}`)
  chain.register(actor.address, { provider: true, stakeUsdc: stakeUsdc / BigInt(role?.stakeDivisor ?? 1) })
  const store = createProviderStore(stack.use(openDatabase(':memory:', { migrations: providerMigrations })))
  const disk = createDisk(base, machine.name)
  const node = nodes.add(machine.name, async (life, parts) => {
    const deps = { ...commonParts(base, actor, parts), store: guard(store, life), blobs: guard(disk, life) }
    const sandbox = parts.use(createFakeSandbox(base, sandboxOf(machine)))
    const options = {
      slots: 4,
      minPriceUsdc: usdc(1_000n),
      classes: ['D1' as const, 'D2' as const, 'DX' as const],
      inputBytes: byteCount(1_000_000),
    }
    const honest = { ...deps, sandbox }
    parts.use(await openProvider(role && part ? role.disguise(honest, part.stage) : honest, options))
    return { parts }
  })
  return { actor, address: actor.address, node }
}

const sandboxOf = ({ run, hardwareClass }: Machine) => ({
  images: { [image]: run },
  ...(hardwareClass !== undefined && { facts: { hardwareClass } }),
})

/** Audits that a provider passed before the run began. */
const standingOf = (provider: Address, passes: number) =>
  Array.from({ length: passes }, (_, i) => ({
    commitment: named<Commitment>(`standing/${provider}/${i}`),
    orderId: named<OrderId>('standing'),
    provider,
    determinism: 'D1' as const,
    verdict: 'passed' as const,
  }))

function addValidator(base: Base, machine: Machine, known: ReturnType<typeof standingOf>): SimOperator {
  const { nodes, chain, stack } = base
  const { part } = machine
  const role = part?.role.party === 'validator' ? part.role : undefined
  const actor = part?.actor ?? createTestActor(`${base.seed}/${machine.name}`)
  chain.register(actor.address, { validator: true, stakeUsdc })
  const store = createValidatorStore(stack.use(openDatabase(':memory:', { migrations: validatorMigrations })))
  store.addSettlements([], known)
  const disk = createDisk(base, machine.name)
  const node = nodes.add(machine.name, async (life, parts) => {
    const deps = { ...commonParts(base, actor, parts), store: guard(store, life), blobs: guard(disk, life) }
    const sandbox = parts.use(createFakeSandbox(base, sandboxOf(machine)))
    const honest = { ...deps, sandbox }
    parts.use(await openValidator(role && part ? role.disguise(honest, part.stage) : honest))
    return { parts }
  })
  return { actor, address: actor.address, node }
}

function addStanding(
  records: AggregatorStore,
  { commitment, verdict, ...about }: ReturnType<typeof standingOf>[number],
) {
  const audit = { commitment, reason: 'sampled' as const, rounds: [{ commits: [], attestations: [] }] }
  const row = { ...about, commitment, audit, shard: 0, attempt: 1, epoch: named<Hash32>('standing'), late: false }
  records.addAudit({ ...row, state: 'judged', unopened: false, verdict }, 0)
  records.updateAudit(commitment, { verdict })
}

function addAggregator(
  base: Base,
  quorumId: QuorumId,
  { priceUsdc, wrap = (_name, port) => port, disguises = [] }: WorldOptions,
): Pick<World, 'aggregator' | 'aggregatorActor' | 'records'> {
  const { nodes, chain, stack } = base
  const actor = createTestActor(`${base.seed}/aggregator`)
  const records = createAggregatorStore(stack.use(openDatabase(':memory:', { migrations: aggregatorMigrations })))
  const disk = createDisk(base, 'aggregator')
  const options = {
    quorumId,
    feeBps,
    priceUsdc: usdc(priceUsdc),
    auditFeeUsdc: usdc(5_000n),
    seedDelayRounds: 2,
    settleWindowMs: 60_000,
    refundDelayMs: 30_000,
  }
  const aggregator = nodes.add('aggregator', async (life, parts): Promise<RunningAggregator> => {
    const common = commonParts(base, actor, parts)
    const deps = {
      ...common,
      network: wrap('network', common.network),
      chain: wrap('chain', common.chain),
      store: guard(records, life),
      blobs: guard(wrap('blobs', disk), life),
      wallet: guard(wrap('wallet', chain.writer(actor.address)), life),
    }
    const disguised = disguises.reduce<AggregatorDeps>(
      (ports, { role, stage }) => (role.party === 'aggregator' ? role.disguise(ports, stage) : ports),
      deps,
    )
    const service = parts.use(await openAggregator(disguised, options, never))
    return { parts, service }
  })
  return { aggregator, aggregatorActor: actor, records }
}

function commonParts(
  { chain, clock, beacon, hub, bootstrap, seed, logLines }: Base,
  actor: TestActor,
  parts: AsyncDisposableStack,
) {
  return {
    signer: actor,
    network: parts.use(hub.open(actor.privateKey, { bootstrap })),
    chain: chain.reader,
    clock,
    beacon,
    rng: createSeededRng(`${seed}/${actor.name}/${clock.now()}`),
    log: createLog(clock, actor.name.slice(seed.length + 1), logLines),
  }
}

const linesKept = Number(process.env['LINES'] ?? 400)

function createLog(clock: FakeClock, who: string, lines: string[]): Log {
  const add = (level: string) => (fields: object, event: string) => {
    const text = JSON.stringify(fields, (_, value: unknown) => (value instanceof Error ? value.message : value))
    lines.push(`${new Date(clock.now()).toISOString().slice(14, 23)} ${who} ${level} ${event} ${text.slice(0, 300)}`)
    if (lines.length > linesKept) lines.shift()
  }
  return { debug: () => undefined, info: add('info'), warn: add('warn'), error: add('ERROR') }
}

/** Blobs that outlive their process; the sandbox reads them as files. */
function createDisk({ dir, stack }: Base, name: string): BlobStore {
  const store = stack.use(createFakeBlobStore())
  const pathOf: BlobStore['pathOf'] = async (root) => {
    const parts: Uint8Array[] = []
    for await (const part of store.read(root, {}, never)) parts.push(part)
    const path = join(dir, `${name}-${root}`)
    writeFileSync(path, concatBytes(...parts))
    return path
  }
  return { ...store, pathOf }
}
