/** A running node: the parts put together, and taken apart in order. */
import type { CapabilityKey, Clock, FrameStream, Network, Peer, ProtocolName, StreamHandler } from '@assay/core'
import { assertBug, type PublicKey } from '@assay/protocol'
import type { PeerId } from '@libp2p/interface'
import { createAnnouncer, type Announcer } from './announce-keys.ts'
import { isCapabilityKey } from './capability-cid.ts'
import { findPeers } from './find-peers.ts'
import { createFrameStream, type OwnedFrameStream } from './frame-stream.ts'
import { createPeerBook, derivePeerId } from './identity.ts'
import { keepBootstrap, parsePeerAddress, type BootstrapPeer } from './keep-bootstrap.ts'
import type { Node } from './libp2p-node.ts'
import { limitTime, type TimeLimit } from './limit-time.ts'
import type { NetworkLimits } from './limits.ts'
import { toOpenError } from './network-errors.ts'
import type { NetworkLog } from './network-log.ts'
import { probeConnections } from './probe-connections.ts'
import { createInbound, type Inbound } from './serve-protocol.ts'
import { createKeyTeller, tellKeysProtocol, type KeyTeller } from './tell-keys.ts'

export interface Libp2pNetworkDeps {
  /** Not started yet. */
  readonly node: Node
  readonly clock: Clock
  readonly log: NetworkLog
  readonly bounds: NetworkLimits
}

/** The `Network` port over a libp2p node that it owns. */
export class Libp2pNetwork implements Network {
  readonly self: Peer
  readonly #deps: Libp2pNetworkDeps
  readonly #peerOf: (peerId: PeerId) => Peer | undefined
  readonly #inbound: Inbound
  readonly #teller: KeyTeller
  readonly #announcer: Announcer
  readonly #handled = new Set<ProtocolName>()
  readonly #streams = new Set<OwnedFrameStream>()
  readonly #closing = new AbortController()
  #background: Promise<unknown> = Promise.resolve()

  constructor(deps: Libp2pNetworkDeps) {
    const { node, bounds, log, clock } = deps
    const closing = this.#closing.signal
    this.#deps = deps
    this.#peerOf = createPeerBook(bounds.knownPeers)
    const self = this.#peerOf(node.peerId)
    assertBug(self !== undefined, 'an operator key is secp256k1')
    this.self = self
    this.#inbound = createInbound({ peerOf: this.#peerOf, log, bounds, closing })
    this.#teller = createKeyTeller({
      open: async (peer, protocol, signal) => this.open(peer, protocol, signal),
      isConnected: (peer) => node.getConnections(derivePeerId(peer.publicKey)).length > 0,
      clock,
      log,
      bounds,
      closing,
    })
    const connected = (): readonly Peer[] => this.connected()
    this.#announcer = createAnnouncer({ node, teller: this.#teller, connected, clock, log, bounds, closing })
  }

  /** Listens and starts what runs in the background. */
  async start(bootstrap: readonly BootstrapPeer[]): Promise<void> {
    const { node, clock, log, bounds } = this.#deps
    const closing = this.#closing.signal
    await this.handle(tellKeysProtocol, async (stream, remote, signal) => this.#teller.hear(stream, remote, signal))
    node.addEventListener('peer:identify', ({ detail }) => {
      const peer = this.#peerOf(detail.peerId)
      if (peer !== undefined) this.#announcer.met(peer)
    })
    node.addEventListener('peer:disconnect', ({ detail }) => {
      const peer = this.#peerOf(detail)
      if (peer !== undefined) this.#teller.forget(peer.address)
      if (node.getConnections().length === 0) this.#announcer.republish()
    })
    await node.start()
    const connected = (): void => this.#announcer.republish()
    this.#background = Promise.all([
      keepBootstrap({ node, clock, log, bounds, connected }, bootstrap, closing),
      probeConnections({ node, clock, log, bounds }, closing),
      this.#announcer.run(),
    ])
    // Read again when closing; until then a failure is reported here.
    this.#background.catch((error: unknown) => log.warn({ error }, 'network.failed'))
  }

  addresses(): readonly string[] {
    return this.#deps.node.getMultiaddrs().map((address) => address.toString())
  }

  connected(): readonly Peer[] {
    return this.#deps.node.getPeers().flatMap((id) => this.#peerOf(id) ?? [])
  }

  async connect(multiaddr: string, signal: AbortSignal): Promise<Peer> {
    using limit = this.#limitDial(signal)
    try {
      const { address } = parsePeerAddress(multiaddr)
      const connection = await this.#deps.node.dial(address, { signal: limit.signal })
      const peer = this.#peerOf(connection.remotePeer)
      assertBug(peer !== undefined, 'the gater admits operators only')
      return peer
    } catch (cause) {
      throw toOpenError(cause, signal, { address: multiaddr.slice(0, 256) })
    }
  }

  /** Returns at once: publishing goes on in the background until a peer holds each key, and is logged. */
  async announce(keys: readonly CapabilityKey[], signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const { announcedKeys, keyChars } = this.#deps.bounds
    assertBug(keys.length <= announcedKeys, `at most ${announcedKeys} keys are announced`)
    for (const key of keys)
      assertBug(isCapabilityKey(key, keyChars), 'a capability key has no spaces and a bounded length')
    this.#announcer.set(keys)
  }

  find(key: CapabilityKey, options: { readonly limit: number }, signal: AbortSignal): AsyncIterable<Peer> {
    const { node, bounds } = this.#deps
    const deps = { node, teller: this.#teller, peerOf: this.#peerOf, bounds, closing: this.#closing.signal }
    return findPeers(deps, key, options.limit, signal)
  }

  async handle(protocol: ProtocolName, handler: StreamHandler): Promise<void> {
    assertBug(!this.#handled.has(protocol), `${protocol} is served once`)
    this.#handled.add(protocol)
    await this.#deps.node.handle(protocol, this.#inbound.accept(protocol, handler), {
      maxInboundStreams: this.#deps.bounds.inboundStreamsPerPeer,
      maxOutboundStreams: this.#deps.bounds.outboundStreamsPerProtocol,
    })
  }

  async open(peer: PublicKey, protocol: ProtocolName, signal: AbortSignal): Promise<FrameStream> {
    const { node, bounds } = this.#deps
    using limit = this.#limitDial(signal)
    try {
      const options = { signal: limit.signal, maxOutboundStreams: bounds.outboundStreamsPerProtocol }
      const stream = createFrameStream(await node.dialProtocol(derivePeerId(peer), protocol, options), bounds)
      this.#streams.add(stream)
      stream.closed.finally(() => this.#streams.delete(stream)).catch(() => undefined)
      return stream
    } catch (cause) {
      throw toOpenError(cause, signal, { publicKey: peer, protocol })
    }
  }

  /** Cuts every stream, so that no peer mistakes it for a clean end, then closes connections and listeners. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing.signal.aborted) return
    const reason = new Error('the node is closing')
    this.#closing.abort(reason)
    for (const stream of this.#streams) stream.abort(reason)
    await this.#inbound.idle()
    await Promise.allSettled([this.#background])
    await this.#deps.node.stop()
  }

  #limitDial(signal: AbortSignal): TimeLimit {
    return limitTime(this.#deps.bounds.openMs, signal, this.#closing.signal)
  }
}
