/** A validator of a built market: chain, quorum and beacon are those of an evidence cast, so that its evidence holds here. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { serveBlobs } from '@assay/blobs'
import { auditSeats, type Beacon, type BlobStore, type Network } from '@assay/core'
import { openDatabase } from '@assay/node-kit'
import {
  beaconRoundAt,
  beaconTimeOf,
  concatBytes,
  createManifest,
  decodeFrame,
  deriveResultRoot,
  encodeFrame,
  hashBlob,
  imageDigest,
  protocols,
  unixMs,
  ValidatorReply,
  type Address,
  type Envelope,
  type ResultRoot,
  type ValidatorRequest,
} from '@assay/protocol'
import {
  castBeaconGenesisMs,
  castBeaconPeriodMs,
  createEvidenceCast,
  createFakeBlobStore,
  createFakeChain,
  createFakeClock,
  createFakeSandbox,
  createNetworkHub,
  createSeededRng,
  type BuiltEpoch,
  type CastOptions,
  type EvidenceCast,
  type FakeImage,
  type TestActor,
} from '@assay/testkit'
import { createSqliteStore, migrations, openValidator, validatorLimits, type ValidatorDeps } from '../src/index.ts'

const never = new AbortController().signal
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }

export type Stage = Awaited<ReturnType<typeof openStage>>
export interface StageOptions {
  readonly cast?: CastOptions
  readonly run?: FakeImage
  readonly auditSlots?: number
  /** Of the machine it runs on. Default: none that is known. */
  readonly hardwareClass?: string
  /** Which validator of the cast this is. Default the first. */
  readonly self?: Address
  /** Where the earnings of an operator of the cast go, when not to itself. */
  readonly payouts?: ReadonlyMap<Address, Address>
  /** What each provider has at stake. Default 50 USDC. */
  readonly providerStakeUsdc?: bigint
  /** What the validator is opened with, tampered with. */
  readonly ports?: (deps: ValidatorDeps) => ValidatorDeps
}

/** What the honest image prints, whatever the shard. */
const printed = 'honest output'
export const honestRoot = async (): Promise<ResultRoot> => {
  const made = createManifest([{ kind: 'stdout', ...(await hashBlob(new TextEncoder().encode(printed))) }])
  if ('fault' in made) throw new Error(made.fault)
  return deriveResultRoot(made.manifest)
}

/** The clock stands just after the first epoch of the cast closed: its seed round is 10. */
export async function openStage({
  cast: castOptions,
  run,
  auditSlots = 2,
  self,
  payouts,
  providerStakeUsdc = 50_000_000n,
  hardwareClass,
  ports = (deps) => deps,
}: StageOptions = {}) {
  const stack = new AsyncDisposableStack()
  const dir = await mkdtemp(join(tmpdir(), 'assay-validator-'))
  stack.defer(async () => rm(dir, { recursive: true, force: true }))
  const cast = createEvidenceCast(castOptions)
  const clock = createFakeClock(castBeaconGenesisMs + 7 * castBeaconPeriodMs + 100)
  const chain = createFakeChain({ clock }, { escrow: cast.market.escrow })
  const purse = (address: Address) => {
    const payout = payouts?.get(address)
    return payout === undefined ? {} : { payout }
  }
  for (const { address } of cast.providers)
    chain.register(address, { provider: true, stakeUsdc: providerStakeUsdc, ...purse(address) })
  for (const { address } of cast.validators)
    chain.register(address, { validator: true, stakeUsdc: 100_000_000n, ...purse(address) })
  chain.createQuorum(cast.quorum.members, cast.quorum.threshold)
  chain.mint(cast.client.address, 1_000_000_000n)
  chain.fund(cast.terms)

  const hub = createNetworkHub(clock)
  const network = stack.use(hub.open(cast.aggregator.privateKey))
  const blobs = stack.use(createFakeBlobStore())
  await serveBlobs(network, blobs, { authorize: () => true })
  const images = {
    [`sha256:${imageDigest(cast.spec.image).slice(7)}`]: run ?? (() => ({ stdout: printed })),
  }
  const sandbox = stack.use(
    createFakeSandbox({ clock }, { images, ...(hardwareClass && { facts: { hardwareClass } }) }),
  )
  const actor = cast.validators.find(({ address }) => address === self) ?? cast.validators[0]!
  const start = async () => startValidator({ clock, chain, hub, dir, sandbox, actor, cast, ports }, auditSlots)
  let current = await start()
  stack.defer(async () => current.close())

  const askOnce = async (request: object, from: Network = network): Promise<ValidatorReply> => {
    const stream = await from.open(actor.publicKey, protocols.validate, never)
    await stream.send(encodeFrame(request), never)
    await stream.end()
    const frame = await stream.receive(never)
    if (frame === undefined) throw new Error('no reply')
    return decodeFrame(ValidatorReply, frame, 'validator reply')
  }
  /** Waits out the time in which a provider may claim a shard that nobody is paid for. */
  const ask: typeof askOnce = async (request, from) => {
    const reply = await askOnce(request, from)
    if (reasonOf(reply) !== 'claims-open') return reply
    await clock.advance(validatorLimits.claimWaitMs)
    return askOnce(request, from)
  }
  return {
    cast,
    clock,
    chain,
    hub,
    network,
    blobs,
    actor,
    ask,
    askOnce,
    get service() {
      return current.service
    },
    get store() {
      return current.store
    },
    async restart(): Promise<void> {
      await current.close()
      current = await start()
    },
    introduce: async () => ask({ type: 'introduce', terms: cast.terms, spec: cast.spec }),
    propose: async (epoch: BuiltEpoch) => ask(proposeRequest(epoch)),
    /** Moves the clock past the seed round of an epoch. */
    passSeed: async (epoch: BuiltEpoch) =>
      clock.advanceTo(unixMs(castBeaconGenesisMs + epoch.proposal.seedRound * castBeaconPeriodMs)),
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
  readonly chain: ReturnType<typeof createFakeChain>
  readonly hub: ReturnType<typeof createNetworkHub>
  readonly dir: string
  readonly sandbox: ReturnType<typeof createFakeSandbox>
  readonly actor: TestActor
  readonly cast: EvidenceCast
  readonly ports: (deps: ValidatorDeps) => ValidatorDeps
}

async function startValidator({ clock, chain, hub, dir, sandbox, actor, cast, ports }: Own, auditSlots: number) {
  const stack = new AsyncDisposableStack()
  const network = stack.use(hub.open(actor.privateKey))
  const blobs = stack.use(createFileBackedStore(dir))
  const store = createSqliteStore(stack.use(openDatabase(join(dir, 'validator.db'), { migrations })))
  const rng = createSeededRng(actor.name)
  const deps = {
    signer: actor,
    network,
    sandbox,
    blobs,
    chain: chain.reader,
    beacon: asBeacon(cast),
    clock,
    rng,
    store,
    log: silent,
    wallet: chain.writer(actor.address),
  }
  const service = await openValidator(ports(deps), { auditSlots })
  return {
    service,
    store,
    async close(): Promise<void> {
      await service[Symbol.asyncDispose]()
      await stack.disposeAsync()
    },
  }
}

const asBeacon = ({ beacon }: EvidenceCast): Beacon => ({
  info: beacon.info,
  roundAt: (now) => beaconRoundAt(beacon.info, now),
  timeOf: (round) => beaconTimeOf(beacon.info, round),
  value: async (round) => beacon.value(round),
})

export const proposeRequest = (epoch: BuiltEpoch) => ({
  type: 'propose' as const,
  proposal: epoch.seeded.proposal,
  leaves: epoch.seeded.leaves,
})

/** Who sits in a round, in drawing order, alternates included. */
export function seatsOf(
  cast: EvidenceCast,
  epoch: BuiltEpoch,
  key: string,
  { round = 0, earlier = [] }: { readonly round?: number; readonly earlier?: readonly Address[] } = {},
) {
  const { commitment, provider } = epoch.commits.get(key)!
  return auditSeats({
    proposal: epoch.proposal,
    beacon: epoch.seeded.beacon,
    commitment,
    round,
    provider,
    client: cast.client.address,
    earlier,
  })
}

export function auditRequest(
  cast: EvidenceCast,
  epoch: BuiltEpoch,
  key: string,
  fields: Partial<Extract<ValidatorRequest, { type: 'audit' }>> = {},
): Extract<ValidatorRequest, { type: 'audit' }> {
  const acks: Envelope[] = [...epoch.seeded.acks]
  return {
    type: 'audit',
    commitment: epoch.commits.get(key)!.commitment,
    round: 0,
    reason: 'sampled',
    proposal: ackBody(acks[0]!).proposal,
    acks,
    beacon: epoch.seeded.beacon,
    excluded: [],
    inputsFrom: { publicKey: cast.aggregator.publicKey },
    ...fields,
  }
}

/** What an acknowledgement says. */
export const ackBody = (ack: Envelope): { readonly proposal: never; readonly seenRound: number } =>
  JSON.parse(ack.payload) as never

export const codeOf = (reply: ValidatorReply): string =>
  reply.type === 'error' || reply.type === 'refused' ? reply.error.code : reply.type
export const reasonOf = (reply: ValidatorReply): unknown =>
  reply.type === 'error' || reply.type === 'refused'
    ? (reply.error.details['rule'] ?? reply.error.details['reason'])
    : reply.type

/** Moves the clock in small steps until the promise settles, for what waits for time to pass. */
export async function drive<T>(stage: Pick<Stage, 'clock'>, promise: Promise<T>): Promise<T> {
  let settled = false
  const settle = (): void => void (settled = true)
  const seen = promise.then(settle, settle)
  while (!settled) {
    await stage.clock.advance(20)
    await setImmediate()
  }
  await seen
  return promise
}
