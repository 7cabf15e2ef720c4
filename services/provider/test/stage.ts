/** A market of fakes around one provider: an aggregator that speaks the protocols, a quorum, a client with a funded order. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { serveBlobs, servePushes } from '@assay/blobs'
import { orderAmount, type BlobStore, type FrameStream, type Network, type Sandbox } from '@assay/core'
import { openDatabase, type Database } from '@assay/node-kit'
import {
  after,
  basisPoints,
  byteCount,
  concatBytes,
  createEnvelope,
  createSealKey,
  decodeFrame,
  deriveSpecHash,
  encodeFrame,
  JobSpec,
  OrderTerms,
  protocols,
  toJson,
  usdc,
  WorkReply,
  type LeaseOffer,
  type SignedCommit,
  type WorkRequest,
} from '@assay/protocol'
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
  type FakeImage,
  type TestActor,
} from '@assay/testkit'
import {
  createSqliteStore,
  migrations,
  openProvider,
  type ProviderDeps,
  type ProviderOptions,
  type ProviderService,
} from '../src/index.ts'

export const never = new AbortController().signal
export const image = `sha256:${'ab'.repeat(32)}`
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }

export type Stage = Awaited<ReturnType<typeof openStage>>

export interface StageOptions {
  readonly run?: FakeImage
  readonly options?: Partial<ProviderOptions>
  readonly spec?: Readonly<Record<string, unknown>>
  readonly wrap?: (sandbox: Sandbox) => Sandbox
  /** What the provider is opened with, tampered with. */
  readonly ports?: (deps: ProviderDeps) => ProviderDeps
  /** Stake of the provider; 0 leaves it unregistered. */
  readonly stakeUsdc?: bigint
}

/** Opens everything; the provider itself is opened too and can be restarted on the same database. */
export async function openStage({
  run,
  options = {},
  spec: fields,
  wrap = (sandbox) => sandbox,
  ports = (deps) => deps,
  stakeUsdc = 50_000_000n,
}: StageOptions = {}) {
  const stack = new AsyncDisposableStack()
  const dir = await mkdtemp(join(tmpdir(), 'assay-provider-'))
  stack.defer(async () => rm(dir, { recursive: true, force: true }))
  const clock = createFakeClock()
  const beacon = createFakeBeacon({ clock }, { genesisMs: clock.now() - 60_000, periodMs: 1_000 })
  const chain = createFakeChain({ clock })
  const hub = createNetworkHub(clock)
  const actors = castActors()
  const { aggregator, client, provider, validators } = actors
  if (stakeUsdc > 0n) chain.register(provider.address, { provider: true, stakeUsdc })
  for (const { address } of validators) chain.register(address, { validator: true, stakeUsdc: 100_000_000n })
  const quorumId = chain.createQuorum(
    validators.map(({ address }) => address),
    2,
  )

  const network = stack.use(hub.open(aggregator.privateKey))
  const blobs = stack.use(createFakeBlobStore())
  await serveBlobs(network, blobs, { authorize: () => true })
  await servePushes(network, blobs, { authorize: () => true })
  const input = await blobs.put(chunks('hello input'), { maxBytes: byteCount(1024) }, never)

  const seal = await createSealKey()
  const spec = JobSpec.parse({ ...specOf(client, seal.recipient, input), ...fields })
  const terms = OrderTerms.parse({
    client: client.address,
    aggregator: aggregator.address,
    maxAmount: orderAmount(spec, basisPoints(100)).maxUsdc.toString(),
    settleBy: Math.floor(clock.now() / 1000) + 3600,
    refundAt: Math.floor(clock.now() / 1000) + 7200,
    quorumId,
    feeBps: 100,
    specHash: deriveSpecHash(spec),
    salt: named('salt'),
  })
  chain.mint(client.address, 100_000_000n)
  const orderId = chain.fund(terms)

  const sandbox = stack.use(createFakeSandbox({ clock }, { images: { [image]: run ?? honestImage } }))
  const own: Own = {
    clock,
    beacon,
    chain,
    hub,
    dir,
    sandbox: wrap(sandbox),
    provider,
    blobs: stack.use(createFileBackedStore(dir)),
    ports,
  }
  const started = await startProvider(own, options)
  let current = started
  stack.defer(async () => current.close())
  const market = chain.reader.market
  return {
    ...actors,
    clock,
    beacon,
    chain,
    hub,
    network,
    blobs,
    seal,
    spec,
    terms,
    orderId,
    market,
    quorumId,
    dir,
    get service(): ProviderService {
      return current.service
    },
    get store() {
      return current.store
    },
    get providerBlobs(): BlobStore {
      return current.blobs
    },
    /** Ends the process as a crash would, as far as its database goes, and starts it again. */
    async restart(): Promise<void> {
      await current.close()
      current = await startProvider(own, options)
    },
    offer: async (fields: Partial<LeaseOffer> = {}): Promise<Extract<WorkRequest, { type: 'offer' }>> => {
      const now = clock.now()
      const body = {
        ...domainOf(market),
        orderId,
        specHash: terms.specHash,
        shard: 0,
        attempt: 1,
        aggregator: aggregator.address,
        provider: provider.address,
        priceUsdc: spec.priceUsdc,
        acceptByMs: after(now, 10_000),
        commitByMs: after(now, 1_800_000),
        ...fields,
      }
      return { type: 'offer', offer: await createEnvelope('lease/1', toJson(body), aggregator), terms, spec }
    },
    converse: async (request: WorkRequest, from: Network = network): Promise<Conversation> => {
      const stream = await from.open(provider.publicKey, protocols.work, never)
      await stream.send(encodeFrame(request), never)
      return createConversation(stream)
    },
    [Symbol.asyncDispose]: async () => stack.disposeAsync(),
  }
}

/** A store in memory whose blobs can be bound into a sandbox: `pathOf` writes them out. */
function createFileBackedStore(dir: string): BlobStore {
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

interface Own {
  readonly clock: ReturnType<typeof createFakeClock>
  readonly beacon: ReturnType<typeof createFakeBeacon>
  readonly chain: ReturnType<typeof createFakeChain>
  readonly hub: ReturnType<typeof createNetworkHub>
  readonly dir: string
  readonly sandbox: Sandbox
  readonly provider: TestActor
  /** Its disk: outlives a restart. */
  readonly blobs: BlobStore
  readonly ports: (deps: ProviderDeps) => ProviderDeps
}

async function startProvider(
  { clock, beacon, chain, hub, dir, sandbox, provider, blobs, ports }: Own,
  options: Partial<ProviderOptions>,
) {
  const stack = new AsyncDisposableStack()
  const network = stack.use(hub.open(provider.privateKey))
  const database: Database = stack.use(openDatabase(join(dir, 'provider.db'), { migrations }))
  const store = createSqliteStore(database)
  const rng = createSeededRng('provider')
  const deps = {
    signer: provider,
    network,
    sandbox,
    blobs,
    chain: chain.reader,
    beacon,
    clock,
    rng,
    store,
    log: silent,
  }
  const defaults: ProviderOptions = {
    slots: 2,
    minPriceUsdc: usdc(1_000n),
    classes: ['D1'],
    inputBytes: byteCount(1024),
  }
  const service = await openProvider(ports(deps), { ...defaults, ...options })
  return {
    service,
    store,
    blobs,
    async close(): Promise<void> {
      await service[Symbol.asyncDispose]()
      await stack.disposeAsync()
    },
  }
}

const castActors = () => ({
  aggregator: createTestActor('aggregator'),
  client: createTestActor('client'),
  provider: createTestActor('provider'),
  validators: ['v0', 'v1', 'v2'].map(createTestActor),
})

/** Copies the input and names the command, so that a result depends on both. */
const honestImage: FakeImage = ({ inputs, command }) => ({
  stdout: command.join(' '),
  files: { 'out.txt': inputs.get('in.txt')?.bytes ?? 'no input' },
})

async function* chunks(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text)
}

const specOf = (client: TestActor, sealTo: string, input: { readonly root: string; readonly size: number }) => ({
  v: 1,
  client: client.address,
  image,
  command: ['copy', '{}'],
  env: {},
  resources: { cpus: 1000, memoryBytes: 64 * 1024 * 1024, diskBytes: 16 * 1024 * 1024, pids: 64 },
  timeLimitMs: 60_000,
  network: 'none',
  determinism: 'D1',
  captureStdout: true,
  outputBytes: 1024 * 1024,
  sharedInputs: [],
  shards: ['a', 'b', 'c'].map((name) => ({
    name,
    subject: name,
    args: [],
    inputs: [{ path: 'in.txt', executable: false, ...input }],
  })),
  priceUsdc: '10000',
  auditFeeUsdc: '5000',
  auditBudgetUsdc: '50000',
  minAuditRatePpm: 10_000,
  sealTo,
  rail: 'usdc',
})

export const domainOf = ({ chainId, escrow }: { readonly chainId: number; readonly escrow: LeaseOffer['escrow'] }) => ({
  chainId,
  escrow,
})

export interface Conversation {
  readonly stream: FrameStream
  /** The next reply, or `undefined` when the provider has ended the stream. */
  next(): Promise<WorkReply | undefined>
  /** All replies up to and with the first of this type. */
  until(type: WorkReply['type']): Promise<readonly WorkReply[]>
  send(request: WorkRequest): Promise<void>
}

function createConversation(stream: FrameStream): Conversation {
  const next = async (): Promise<WorkReply | undefined> => {
    const frame = await stream.receive(never)
    return frame && decodeFrame(WorkReply, frame, 'work reply')
  }
  return {
    stream,
    next,
    async until(type) {
      const replies: WorkReply[] = []
      for (;;) {
        const reply = await next()
        if (reply === undefined) throw new Error(`the stream ended before ${type}: ${JSON.stringify(replies)}`)
        replies.push(reply)
        if (reply.type === type) return replies
      }
    },
    send: async (request) => stream.send(encodeFrame(request), never),
  }
}

/** Takes an offer to its commit, and acknowledges it. */
export async function commitOne(stage: Stage, fields: Partial<LeaseOffer> = {}): Promise<SignedCommit> {
  const talk = await stage.converse(await stage.offer(fields))
  const replies = await talk.until('committed')
  await talk.send({ type: 'committed' })
  await talk.next()
  const last = replies.at(-1)
  if (last?.type !== 'committed') throw new Error('unreachable')
  return last.commit
}

/** Moves the clock in small steps until the promise settles, for what waits for time to pass. */
export async function drive<T>(stage: Pick<Stage, 'clock'>, promise: Promise<T>): Promise<T> {
  let settled = false
  const settle = (): void => void (settled = true)
  const seen = promise.then(settle, settle)
  while (!settled) {
    await stage.clock.advance(50)
    await setImmediate()
  }
  await seen
  return promise
}
