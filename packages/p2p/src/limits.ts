/** Bounds of the network adapter, each with the reason for its number. Bounds of the wire are in the protocol's own list. */
export const networkLimits = {
  /** Inbound streams of one peer over all protocols: a busy aggregator dispatches this many shards to one provider. */
  inboundStreamsPerPeer: 64,
  /** Inbound streams of all peers: with the buffers below this bounds what strangers can make us hold. */
  inboundStreams: 1024,
  /** Streams of one protocol that we open on one connection: what the other side accepts in total. */
  outboundStreamsPerProtocol: 64,
  /** Complete frames a stream may hold before the sender is stopped: two chunks of a blob, so that disk and wire overlap. */
  receiveBufferBytes: 2 * 1024 * 1024,
  /** Bytes of a stream that may wait for the wire when `send` returns: one chunk of a blob. */
  sendBufferBytes: 1024 * 1024,
  /** Largest flow-control window of a stream: 40 MB/s at 100 ms round trip. */
  streamWindowBytes: 4 * 1024 * 1024,
  /** What the muxer holds before a handler is attached: a largest frame and a full window; less resets honest senders. */
  muxerReadBufferBytes: 16 * 1024 * 1024,
  /** Time for the dialler's first frame: it speaks first, so silence is a leak or an attack. */
  firstFrameMs: 30_000,
  /** Life of one handler call: twice the longest shard, so that one stream can serve one attempt. */
  handlerMs: 2 * 60 * 60 * 1000,
  /** Time to hand the last bytes of our side to the wire: a slow reader's window at modem speed. */
  endMs: 60_000,
  /** Time the dialler has to end its side after our handler returned. */
  lingerMs: 10_000,
  /** Time to dial a peer, handshake and agree on a protocol: three slow addresses. */
  openMs: 20_000,
  /** Time of one address among those. */
  addressMs: 8_000,
  /** Time for the security handshake of an inbound connection on a loaded machine. */
  upgradeMs: 20_000,
  /** Inbound connections a second from one host: a data centre behind one address restarting together. */
  inboundPerSecond: 128,
  /** Inbound connections in handshake at once: each costs about 10 ms of CPU. */
  inboundPending: 128,
  /** Connections kept; beyond it the least useful are closed. */
  connections: 1000,
  /** Time of one DHT search: several hops, each with a dead peer. */
  findMs: 20_000,
  /** Time for a new connection to turn out to be a DHT server: handshake, identify and a ping on a loaded machine. */
  settleMs: 2_000,
  /** Time to read the records that we hold ourselves, when there is nobody to ask. */
  localMs: 100,
  /** Time of one attempt to publish a key. */
  provideMs: 20_000,
  /** Keys published at the same time: each costs messages to the 20 closest peers. */
  providesAtOnce: 4,
  /** Capability keys announced at once, and accepted from a connected peer: twice what an advert may name. */
  announcedKeys: 64,
  /** Length of a capability key: a digest of 64 characters with room for its kind. */
  keyChars: 256,
  /** Connected peers told of a new key set at the same time. */
  tellsAtOnce: 16,
  /** Time for telling one peer. */
  tellMs: 10_000,
  /** Attempts at telling one peer before the next change or connection. */
  tellAttempts: 4,
  /** First and longest wait between attempts to publish or to reach a bootstrap peer. */
  retryFirstMs: 500,
  retryLongestMs: 30_000,
  /** How often each connection is probed; also keeps NAT mappings alive. */
  probeMs: 15_000,
  /** Probes without an answer before a connection is given up: over a minute, as a busy peer misses a few. */
  probeStrikes: 4,
  /** A DHT record disappears this long after its provider stopped: adverts live ten minutes. */
  recordValidityMs: 15 * 60_000,
  /** A record with less than this left is published again; so each is renewed about every five minutes. */
  recordRenewMs: 10 * 60_000,
  /** How often records are swept and renewed. */
  recordSweepMs: 2 * 60_000,
  /** Peers whose address was derived before, kept for speed. */
  knownPeers: 4096,
} as const

/** The limits of one node; tests scale times down. */
export type NetworkLimits = { readonly [K in keyof typeof networkLimits]: number }
