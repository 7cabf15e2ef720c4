/**
 * A `Network` without sockets: many nodes on one hub, in one process, with the faults of a real network on demand.
 * Nothing happens by wall time: the same program delivers the same frames in the same order.
 */
import type { CapabilityKey, Clock, FrameStream, Network, Peer, ProtocolName, StreamHandler } from '@assay/core'
import { assertBug, deriveAddress, derivePublicKey, durationMs, limits, MarketError } from '@assay/protocol'
import type { Address, PrivateKey, PublicKey, UnixMs } from '@assay/protocol'

/** A frame about to be delivered. */
export interface FrameInFlight {
  readonly from: Address
  readonly to: Address
  readonly protocol: ProtocolName
  /** Position of the frame among those of its sender on its stream, from 0. */
  readonly index: number
  readonly bytes: Uint8Array
}
/** What becomes of a frame: delivered after a while, or the stream is cut instead. A stream never loses a frame silently. */
export type FrameFate = { readonly kind: 'deliver'; readonly delayMs: number } | { readonly kind: 'cut' }

export interface FakeNodeOptions {
  /** Whether others can dial it. Default true. */
  readonly listens?: boolean
  /** Addresses it stays connected to, whenever they can be reached. */
  readonly bootstrap?: readonly string[]
}

/** The wires between fake nodes, and who may pull them. */
export interface NetworkHub {
  open(privateKey: PrivateKey, options?: FakeNodeOptions): Network
  /** Decides on every frame from now on; `undefined` delivers all at once again. */
  intercept(decide: ((frame: FrameInFlight) => FrameFate) | undefined): void
  /** Cuts connection and streams between two nodes, and keeps them apart until `heal`. */
  partition(a: Address, b: Address): void
  /** Ends every partition. */
  heal(): void
  /** Cuts connection and streams between two nodes; they may connect again. */
  cut(a: Address, b: Address): void
  /** Streams that are open now. */
  openStreams(): number
}

/** Time matters only for delays and for how long a closed node stays listed (15 minutes). */
export function createNetworkHub(clock: Clock): NetworkHub {
  const hub: Hub = { clock, nodes: new Map(), apart: new Set(), links: new Set(), decide: undefined, ports: 0 }
  return {
    open: (privateKey, options = {}) => openNode(hub, privateKey, options),
    intercept: (decide) => {
      hub.decide = decide
    },
    partition(a, b) {
      hub.apart.add(pairOf(a, b))
      disconnect(hub, a, b)
    },
    heal() {
      hub.apart.clear()
      reconnect(hub)
    },
    cut: (a, b) => disconnect(hub, a, b),
    openStreams: () => hub.links.size,
  }
}

interface Hub {
  readonly clock: Clock
  /** Every node ever opened under an address; the last one counts. */
  readonly nodes: Map<Address, FakeNode>
  readonly apart: Set<string>
  readonly links: Set<Link>
  decide: ((frame: FrameInFlight) => FrameFate) | undefined
  ports: number
}
interface FakeNode {
  readonly self: Peer
  readonly address: string | undefined
  readonly bootstrap: readonly string[]
  readonly connections: Set<Address>
  readonly handlers: Map<ProtocolName, StreamHandler>
  readonly closing: AbortController
  readonly serving: Set<Promise<void>>
  keys: readonly CapabilityKey[]
  closedAt: UnixMs | undefined
}
/** One open stream. */
interface Link {
  readonly nodes: readonly [Address, Address]
  cut(reason: Error): void
}

const recordLifeMs = 15 * 60_000
const bufferBytes = 2 * 1024 * 1024

function openNode(hub: Hub, privateKey: PrivateKey, options: FakeNodeOptions): Network {
  const publicKey = derivePublicKey(privateKey)
  const self: Peer = { publicKey, address: deriveAddress(publicKey) }
  const before = hub.nodes.get(self.address)
  assertBug(before === undefined || before.closedAt !== undefined, 'one node a key')
  hub.ports += 1
  const node: FakeNode = {
    self,
    address: options.listens === false ? undefined : `/memory/${hub.ports}/p2p/${self.address}`,
    bootstrap: options.bootstrap ?? [],
    connections: new Set(),
    handlers: new Map(),
    closing: new AbortController(),
    serving: new Set(),
    keys: [],
    closedAt: undefined,
  }
  hub.nodes.set(self.address, node)
  reconnect(hub)
  return {
    self,
    addresses: () => (node.address === undefined ? [] : [node.address]),
    connected: () => [...node.connections].flatMap((address) => hub.nodes.get(address)?.self ?? []),
    async connect(multiaddr, signal) {
      signal.throwIfAborted()
      const other = [...hub.nodes.values()].find((one) => one.address === multiaddr)
      if (other === undefined || !connect(hub, node, other)) throw unreachable({ address: multiaddr })
      return other.self
    },
    async announce(keys, signal) {
      signal.throwIfAborted()
      node.keys = [...new Set(keys)]
    },
    find: (key, { limit }, signal) => find(hub, node, key, { limit, signal }),
    async handle(protocol, handler) {
      assertBug(!node.handlers.has(protocol), `${protocol} is served once`)
      node.handlers.set(protocol, handler)
    },
    async open(peer, protocol, signal) {
      signal.throwIfAborted()
      return openStream(hub, node, { peer, protocol })
    },
    async [Symbol.asyncDispose]() {
      if (node.closedAt !== undefined) return
      node.closedAt = hub.clock.now()
      node.closing.abort(new Error('the node is closing'))
      for (const other of node.connections) disconnect(hub, self.address, other)
      await Promise.all(node.serving)
    },
  }
}

async function* find(
  hub: Hub,
  node: FakeNode,
  key: CapabilityKey,
  { limit, signal }: { readonly limit: number; readonly signal: AbortSignal },
): AsyncGenerator<Peer, void, undefined> {
  signal.throwIfAborted()
  const holders = [...hub.nodes.values()].filter((one) => one !== node && one.keys.includes(key))
  const near = holders.filter(({ self }) => node.connections.has(self.address))
  const far = holders.filter((one) => !near.includes(one) && isListed(hub, one))
  let given = 0
  for (const { self } of node.connections.size === 0 ? [] : [...near, ...far]) {
    if (given >= limit) return
    given += 1
    yield self
    signal.throwIfAborted()
  }
}

/** A record outlives its node, as in a DHT; one without an address never gets in. */
const isListed = (hub: Hub, node: FakeNode): boolean =>
  node.address !== undefined && (node.closedAt === undefined || hub.clock.now() < node.closedAt + recordLifeMs)

function openStream(
  hub: Hub,
  node: FakeNode,
  { peer, protocol }: { readonly peer: PublicKey; readonly protocol: ProtocolName },
): FrameStream {
  const details = { publicKey: peer, protocol }
  const other = [...hub.nodes.values()].find(({ self }) => self.publicKey === peer)
  if (other === undefined || !connect(hub, node, other)) throw unreachable(details)
  const handler = other.handlers.get(protocol)
  if (handler === undefined)
    throw new MarketError('protocol-unsupported', 'the peer does not speak the protocol', { details })
  const [ours, theirs] = createPair(hub, { from: node.self.address, to: other.self.address, protocol })
  const served = serve(
    theirs,
    async () => handler(theirs.stream, node.self, other.closing.signal),
    other.closing.signal,
  )
  const owned = served.finally(() => other.serving.delete(owned))
  other.serving.add(owned)
  return ours.stream
}

async function serve(end: PairEnd, run: () => Promise<void>, closing: AbortSignal): Promise<void> {
  const { promise: closed, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(new Error('the node is closing'))
  closing.addEventListener('abort', onAbort, { once: true })
  try {
    await Promise.race([Promise.resolve().then(run), closed])
    await end.stream.end()
    end.discard()
  } catch (error) {
    end.stream.abort(error instanceof Error ? error : new Error('handler failed', { cause: error }))
  } finally {
    closing.removeEventListener('abort', onAbort)
  }
}

/** Whether the two are connected afterwards. */
function connect(hub: Hub, from: FakeNode, to: FakeNode): boolean {
  if (from === to || from.closedAt !== undefined || to.closedAt !== undefined) return false
  if (from.connections.has(to.self.address)) return true
  if (to.address === undefined || hub.apart.has(pairOf(from.self.address, to.self.address))) return false
  from.connections.add(to.self.address)
  to.connections.add(from.self.address)
  return true
}

/** Every node that lacks a bootstrap peer dials it. */
function reconnect(hub: Hub): void {
  const nodes = [...hub.nodes.values()]
  for (const node of nodes)
    for (const address of node.bootstrap) {
      const peer = nodes.find((one) => one.address === address)
      if (peer !== undefined) connect(hub, node, peer)
    }
}

function disconnect(hub: Hub, a: Address, b: Address): void {
  hub.nodes.get(a)?.connections.delete(b)
  hub.nodes.get(b)?.connections.delete(a)
  const reason = new Error('the connection was lost')
  for (const link of hub.links) if (link.nodes.includes(a) && link.nodes.includes(b)) link.cut(reason)
}

interface PairEnd {
  readonly stream: FrameStream
  /** Drops what arrives from now on. */
  discard(): void
}
/** One direction of a stream. */
interface Lane {
  readonly frames: Uint8Array[]
  /** Bytes sent and not received. */
  queued: number
  sent: number
  ended: boolean
  /** The end has arrived. */
  over: boolean
  discarding: boolean
  /** Deliveries in order. */
  tail: Promise<void>
}

const createLane = (): Lane => ({
  frames: [],
  queued: 0,
  sent: 0,
  ended: false,
  over: false,
  discarding: false,
  tail: Promise.resolve(),
})

interface Route {
  readonly from: Address
  readonly to: Address
  readonly protocol: ProtocolName
}

function createPair(hub: Hub, route: Route): readonly [PairEnd, PairEnd] {
  const lanes: readonly [Lane, Lane] = [createLane(), createLane()]
  const shared: Shared = { hub, lost: undefined, wakers: new Set(), close: () => undefined }
  const link: Link = {
    nodes: [route.from, route.to],
    cut(reason) {
      if (!hub.links.delete(link)) return
      shared.lost = new MarketError('stream-closed', 'the stream was cut', { cause: reason })
      wake(shared)
    },
  }
  shared.close = (reason) => {
    if (reason !== undefined) link.cut(reason)
    else if (lanes.every(({ over }) => over)) hub.links.delete(link)
  }
  hub.links.add(link)
  const back: Route = { ...route, from: route.to, to: route.from }
  return [endOf(shared, route, lanes), endOf(shared, back, [lanes[1], lanes[0]])]
}

interface Shared {
  readonly hub: Hub
  readonly wakers: Set<() => void>
  lost: MarketError | undefined
  /** Cuts the stream for a reason, or forgets it once both sides have ended. */
  close: (reason?: Error) => void
}

function endOf(shared: Shared, route: Route, [out, into]: readonly [Lane, Lane]): PairEnd {
  let aborted = false
  const stream: FrameStream = {
    async send(frame, signal) {
      signal.throwIfAborted()
      if (frame.length > limits.frameBytes)
        throw new MarketError('message-too-large', 'the frame is larger than a stream may carry', {
          details: { frameBytes: frame.length, limitBytes: limits.frameBytes },
        })
      failIfLost(shared)
      if (out.ended) throw new MarketError('stream-closed', 'our side of the stream has ended')
      deliver(shared, route, out, frame.slice())
      while (out.queued > bufferBytes && shared.lost === undefined) await change(shared, signal)
      failIfLost(shared)
    },
    async receive(signal) {
      for (;;) {
        signal.throwIfAborted()
        const frame = aborted ? undefined : into.frames.shift()
        if (frame !== undefined) {
          into.queued -= frame.length
          wake(shared)
          return frame
        }
        if (into.over && !aborted) return undefined
        failIfLost(shared)
        await change(shared, signal)
      }
    },
    async end() {
      if (out.ended || shared.lost !== undefined) return
      out.ended = true
      out.tail = out.tail.then(() => {
        if (shared.lost !== undefined) return
        out.over = true
        shared.close()
        wake(shared)
      })
    },
    abort(reason) {
      aborted = true
      shared.close(reason)
    },
  }
  return {
    stream,
    discard() {
      into.discarding = true
      into.queued = 0
      into.frames.length = 0
      wake(shared)
    },
  }
}

function deliver(shared: Shared, route: Route, lane: Lane, bytes: Uint8Array): void {
  const { clock, decide } = shared.hub
  const fate = decide?.({ ...route, index: lane.sent, bytes }) ?? { kind: 'deliver', delayMs: 0 }
  lane.sent += 1
  lane.queued += bytes.length
  lane.tail = lane.tail.then(async () => {
    if (fate.kind === 'deliver' && fate.delayMs > 0) await clock.sleep(durationMs(fate.delayMs), never)
    if (shared.lost !== undefined) return
    if (fate.kind === 'cut') return shared.close(new Error('cut by the test'))
    if (lane.discarding) lane.queued -= bytes.length
    else lane.frames.push(bytes)
    wake(shared)
  })
}

function failIfLost(shared: Shared): void {
  if (shared.lost !== undefined) throw shared.lost
}

function wake(shared: Shared): void {
  const wakers = [...shared.wakers]
  shared.wakers.clear()
  for (const one of wakers) one()
}

/** Resolves at the next change of the stream. */
async function change(shared: Shared, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const onAbort = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'))
  shared.wakers.add(resolve)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    await promise
  } finally {
    shared.wakers.delete(resolve)
    signal.removeEventListener('abort', onAbort)
  }
}

const pairOf = (a: Address, b: Address): string => [a, b].toSorted().join('/')

const unreachable = (details: Readonly<Record<string, string>>): MarketError =>
  new MarketError('peer-unreachable', 'the peer could not be reached', { details })

const never = new AbortController().signal
