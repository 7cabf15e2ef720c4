import type { Address, PublicKey } from '@assay/protocol'

/** A peer proven by its connection: its key is its libp2p identity, its EVM address and its npub. */
export interface Peer {
  readonly publicKey: PublicKey
  readonly address: Address
}

/** Authenticated streams between operators, and a DHT that says who might serve a capability. */
export interface Network extends AsyncDisposable {
  readonly self: Peer
  /** Multiaddrs with peer id at which this node can be dialled now; may be empty. */
  addresses(): readonly string[]
  /** Connects to a multiaddr with peer id. Throws `peer-unreachable`. */
  connect(multiaddr: string, signal: AbortSignal): Promise<Peer>
  /** Peers connected right now. */
  connected(): readonly Peer[]
  /** Publishes these capability keys in the DHT and keeps them fresh; replaces the earlier set. */
  announce(keys: readonly CapabilityKey[], signal: AbortSignal): Promise<void>
  /** Peers that the DHT lists under a key, each once. A hint: ask the peer itself for its advert. */
  find(key: CapabilityKey, options: { readonly limit: number }, signal: AbortSignal): AsyncIterable<Peer>
  /** Serves a protocol. The dialler speaks first. A handler that throws resets its stream. */
  handle(protocol: ProtocolName, handler: StreamHandler): Promise<void>
  /** Opens a stream to a peer, dialling it when needed. Throws `peer-unreachable`, `protocol-unsupported`. */
  open(peer: PublicKey, protocol: ProtocolName, signal: AbortSignal): Promise<FrameStream>
}

/** `assay/1/<kind>/<value>`, e.g. `assay/1/role/validator`, `assay/1/class/d1`. */
export type CapabilityKey = `assay/1/${string}`
/** e.g. `/assay/work/1`. */
export type ProtocolName = `/assay/${string}`
export type StreamHandler = (stream: FrameStream, remote: Peer, signal: AbortSignal) => Promise<void>

/** Length-prefixed frames, each at most `limits.frameBytes`. */
export interface FrameStream {
  /** Waits for backpressure. Throws `stream-closed`, `message-too-large`. */
  send(frame: Uint8Array, signal: AbortSignal): Promise<void>
  /** The next frame, or `undefined` once the other side has ended. Throws `stream-closed`, `message-too-large`. */
  receive(signal: AbortSignal): Promise<Uint8Array | undefined>
  /** Ends our side; the other may still send. */
  end(): Promise<void>
  /** Gives the stream up at once. */
  abort(reason: Error): void
}
