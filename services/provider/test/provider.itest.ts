/** A provider on the real sandbox, the real network and a real blob store, in one process. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { openBlobStore, serveBlobs, servePushes } from '@assay/blobs'
import { orderAmount, type FrameStream, type Network } from '@assay/core'
import { openDatabase, silentLogger, systemClock, systemRng } from '@assay/node-kit'
import { openNetwork } from '@assay/p2p'
import {
  AdvertReply,
  after as later,
  basisPoints,
  byteCount,
  createEnvelope,
  createSealKey,
  decodeFrame,
  deriveCommitment,
  deriveLeaseDigest,
  deriveSpecHash,
  encodeFrame,
  JobSpec,
  openAdvert,
  OrderTerms,
  protocols,
  toJson,
  unsealResult,
  usdc,
  WorkReply,
  type WorkRequest,
} from '@assay/protocol'
import { createImageArchive, findStubBinary, loadImage, openSandbox } from '@assay/runner'
import { createFakeBeacon, createFakeChain, createTestActor, named } from '@assay/testkit'
import { createSqliteStore, migrations, openProvider } from '../src/index.ts'

const never = new AbortController().signal
const clock = systemClock
const [aggregator, client, provider, validator] = ['aggregator', 'client', 'provider', 'v0'].map(createTestActor)
assert.ok(aggregator && client && provider && validator)

let image = ''
let dir = ''
const skip = await dockerSkip()

describe('provider on real parts', { skip }, () => {
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'assay-provider-itest-'))
    image = await loadTestImage()
  })
  after(async () => rm(dir, { recursive: true, force: true }))

  it('is found, runs a leased shard in a container, and delivers what only the client can read', async () => {
    await using market = await openMarket()
    const { network, blobs, chain, seal } = market
    const peer = provider.publicKey
    const asked = await request(network, protocols.advert, { type: 'advert', image })
    const advert = decodeFrame(AdvertReply, asked, 'advert reply')
    assert.ok(advert.type === 'advert')
    assert.equal(advert.imageError, undefined)
    assert.equal(openAdvert(advert.advert, chain.reader.market, provider.address, clock.now()).role, 'provider')

    const stream = await network.open(peer, protocols.work, never)
    const offer = await market.offer(0)
    await send(stream, offer)
    const replies = await until(stream, 'committed')
    const last = replies.at(-1)
    assert.ok(last?.type === 'committed')
    const out = new Map<string, string>()
    const { opening } = await unsealResult(
      blobs.read(last.sealed.root, {}, never),
      seal.identity,
      async (entry, bytes) => {
        const parts: Uint8Array[] = []
        for await (const part of bytes) parts.push(part)
        out.set(entry.kind === 'stdout' ? '' : entry.path, Buffer.concat(parts).toString())
      },
    )
    assert.equal(deriveCommitment(chain.reader.market, last.commit, opening), last.commit.commitment)
    assert.deepEqual(Object.fromEntries(out), { 'copy.txt': 'hello from a real market\n' })
    await send(stream, { type: 'committed' })
    assert.equal(await stream.receive(never), undefined)
  })

  it('goes on without its aggregator, and a cancelled container is gone', async () => {
    await using market = await openMarket()
    const { network } = market
    const slow = await market.offer(1)
    const first = await network.open(provider.publicKey, protocols.work, never)
    await send(first, slow)
    await untilProgress(first, 'executing')
    first.abort(new Error('the aggregator went away'))
    const second = await network.open(provider.publicKey, protocols.work, never)
    await send(second, { type: 'resume', lease: deriveLeaseDigest(slow.offer) })
    assert.equal((await receive(second))?.type, 'accepted')
    await send(second, { type: 'cancel' })
    const last = (await until(second, 'failed')).at(-1)
    assert.equal(last?.type === 'failed' && last.error.code, 'cancelled')
    assert.equal(market.service.status().busy, 0)
  })
})

async function openMarket() {
  const stack = new AsyncDisposableStack()
  const home = await mkdtemp(join(dir, 'market-'))
  const beacon = createFakeBeacon({ clock })
  const chain = createFakeChain({ clock })
  chain.register(provider!.address, { provider: true, stakeUsdc: 50_000_000n })
  chain.register(validator!.address, { validator: true, stakeUsdc: 50_000_000n })
  const quorumId = chain.createQuorum([validator!.address], 1)
  const listen = ['/ip4/127.0.0.1/tcp/0']
  const network = stack.use(
    await openNetwork(
      { privateKey: aggregator!.privateKey },
      { listen, bootstrap: [], dhtMode: 'server', privateNetwork: true },
    ),
  )
  const blobs = stack.use(await openBlobStore({ dir: join(home, 'aggregator'), capBytes: byteCount(1 << 28) }))
  await serveBlobs(network, blobs, { authorize: () => true })
  await servePushes(network, blobs, { authorize: () => true })
  const input = await blobs.put(once('hello from a real market\n'), { maxBytes: byteCount(1024) }, never)

  const seal = await createSealKey()
  const spec = JobSpec.parse(specOf(seal.recipient, input))
  const now = Math.floor(clock.now() / 1000)
  const terms = OrderTerms.parse({
    client: client!.address,
    aggregator: aggregator!.address,
    maxAmount: orderAmount(spec, basisPoints(0)).maxUsdc.toString(),
    settleBy: now + 3600,
    refundAt: now + 7200,
    quorumId,
    feeBps: 0,
    specHash: deriveSpecHash(spec),
    salt: named('salt'),
  })
  chain.mint(client!.address, 1_000_000n)
  const orderId = chain.fund(terms)

  const sandbox = stack.use(
    await openSandbox(
      { clock },
      { runnerId: `provider-itest-${process.pid}`, stagingDir: join(home, 'staging') },
      never,
    ),
  )
  const own = stack.use(
    await openNetwork(
      { privateKey: provider!.privateKey },
      { listen, bootstrap: network.addresses(), dhtMode: 'server', privateNetwork: true },
    ),
  )
  const ownBlobs = stack.use(await openBlobStore({ dir: join(home, 'provider'), capBytes: byteCount(1 << 28) }))
  const store = createSqliteStore(stack.use(openDatabase(join(home, 'provider.db'), { migrations })))
  const parts = {
    signer: provider!,
    network: own,
    sandbox,
    blobs: ownBlobs,
    chain: chain.reader,
    beacon,
    clock,
    rng: systemRng,
    store,
  }
  const service = stack.use(
    await openProvider(
      { ...parts, log: silentLogger },
      { slots: 1, minPriceUsdc: usdc(1n), classes: ['D1'], inputBytes: byteCount(1024) },
    ),
  )
  const offer = async (shard: number): Promise<Extract<WorkRequest, { type: 'offer' }>> => {
    const { chainId, escrow } = chain.reader.market
    const body = {
      chainId,
      escrow,
      orderId,
      specHash: terms.specHash,
      shard,
      attempt: 1,
      aggregator: aggregator!.address,
      provider: provider!.address,
      priceUsdc: spec.priceUsdc,
      acceptByMs: later(clock.now(), 60_000),
      commitByMs: later(clock.now(), 300_000),
    }
    return { type: 'offer', offer: await createEnvelope('lease/1', toJson(body), aggregator!), terms, spec }
  }
  return { network, blobs, chain, seal, service, offer, [Symbol.asyncDispose]: async () => stack.disposeAsync() }
}

const specOf = (sealTo: string, input: { readonly root: string; readonly size: number }) => ({
  v: 1,
  client: client.address,
  image,
  command: ['sh', '-c'],
  env: {},
  resources: { cpus: 500, memoryBytes: 64 * 1024 * 1024, diskBytes: 8 * 1024 * 1024, pids: 32 },
  timeLimitMs: 120_000,
  network: 'none',
  determinism: 'D1',
  captureStdout: true,
  outputBytes: 1024 * 1024,
  sharedInputs: [{ path: 'in.txt', executable: false, ...input }],
  shards: [
    { name: 'copy', args: ['cat /in/in.txt > /out/copy.txt'], inputs: [] },
    { name: 'slow', args: ['sleep 100'], inputs: [] },
  ],
  priceUsdc: '1000',
  auditFeeUsdc: '500',
  auditBudgetUsdc: '1000',
  minAuditRatePpm: 10_000,
  sealTo,
  rail: 'usdc',
})

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text)
}

const send = async (stream: FrameStream, message: WorkRequest): Promise<void> =>
  stream.send(encodeFrame(message), never)

async function receive(stream: FrameStream): Promise<WorkReply | undefined> {
  const frame = await stream.receive(never)
  return frame && decodeFrame(WorkReply, frame, 'work reply')
}

async function until(stream: FrameStream, type: WorkReply['type']): Promise<readonly WorkReply[]> {
  const replies: WorkReply[] = []
  for (;;) {
    const reply = await receive(stream)
    assert.ok(reply !== undefined, `the stream ended: ${JSON.stringify(replies)}`)
    replies.push(reply)
    if (reply.type === type) return replies
    assert.ok(reply.type === 'accepted' || reply.type === 'progress', JSON.stringify(reply))
  }
}

async function untilProgress(stream: FrameStream, state: string): Promise<void> {
  for (;;) {
    const reply = await receive(stream)
    assert.ok(reply !== undefined && reply.type !== 'failed' && reply.type !== 'declined', JSON.stringify(reply))
    if (reply.type === 'progress' && reply.state === state) return
  }
}

async function request(network: Network, protocol: typeof protocols.advert, message: object): Promise<Uint8Array> {
  const stream = await network.open(provider!.publicKey, protocol, never)
  await stream.send(encodeFrame(message), never)
  await stream.end()
  const frame = await stream.receive(never)
  assert.ok(frame !== undefined)
  return frame
}

/** A small image made from this machine's static busybox. */
async function loadTestImage(): Promise<string> {
  const busybox = await readFile(await findStubBinary())
  const links = ['cat', 'sh', 'sleep'].map((applet) => ({ path: `/bin/${applet}`, target: 'busybox' }))
  const files = [{ path: '/bin/busybox', bytes: busybox, executable: true }, ...links]
  const archive = await createImageArchive({ files, config: { Env: ['PATH=/bin'] } })
  return loadImage({ clock }, archive, never)
}

/** `false` when an engine answers; `ASSAY_REQUIRE_DOCKER=1` turns the skip into a failure. */
async function dockerSkip(): Promise<string | false> {
  const staging = await mkdtemp(join(tmpdir(), 'assay-provider-probe-'))
  try {
    await using _sandbox = await openSandbox(
      { clock },
      { runnerId: `probe-${process.pid}`, stagingDir: staging },
      never,
    )
    return false
  } catch (error) {
    if (process.env['ASSAY_REQUIRE_DOCKER'] === '1') throw error
    return `SKIPPED, NOT TESTED: no Docker engine answers (${String(error)})`
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}
