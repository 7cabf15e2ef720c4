/** The libp2p node, with the library defaults that would break a market changed. Reasons beside each. */
import type { PrivateKey } from '@assay/protocol'
import { identify, type Identify } from '@libp2p/identify'
import type { Libp2p, PeerId } from '@libp2p/interface'
import { kadDHT, passthroughMapper, removePrivateAddressesMapper, type KadDHT } from '@libp2p/kad-dht'
import { noise } from '@libp2p/noise'
import { ping, type Ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { tls } from '@libp2p/tls'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import { toLibp2pKey } from './identity.ts'
import type { NetworkLimits } from './limits.ts'

/** The libp2p services of a node. */
export type Node = Libp2p<{ identify: Identify; ping: Ping; dht: KadDHT }>

/** How secure channels are made, by preference. */
export type SecureChannel = 'tls' | 'noise'

export interface NodeOptions {
  readonly privateKey: PrivateKey
  readonly listen: readonly string[]
  readonly advertise: readonly string[]
  readonly dhtMode: 'server' | 'client'
  readonly privateNetwork: boolean
  readonly secureChannels: readonly SecureChannel[]
  readonly kBucketSize: number
  readonly bounds: NetworkLimits
}

/** Protocol of the market's own DHT; a node of another DHT is never asked. */
const dhtProtocol = '/assay/kad/1.0.0'

/** Makes a node that has not started: register handlers first, so that no early dialler misses them. */
export async function createNode(options: NodeOptions): Promise<Node> {
  const { bounds } = options
  const channels = { tls, noise }
  return createLibp2p({
    start: false,
    privateKey: toLibp2pKey(options.privateKey),
    nodeInfo: { name: 'assay', userAgent: 'assay' },
    addresses: { listen: [...options.listen], appendAnnounce: [...options.advertise] },
    transports: [tcp()],
    connectionEncrypters: options.secureChannels.map((name) => channels[name]()),
    streamMuxers: [
      yamux({
        streamOptions: {
          maxStreamWindowSize: bounds.streamWindowBytes,
          maxReadBufferLength: bounds.muxerReadBufferBytes,
        },
      }),
    ],
    connectionGater: {
      denyInboundEncryptedConnection: isStranger,
      denyOutboundEncryptedConnection: isStranger,
      // Libraries for browsers refuse private addresses; here the mapper below decides what the DHT spreads.
      denyDialMultiaddr: () => false,
    },
    connectionManager: {
      maxConnections: bounds.connections,
      inboundConnectionThreshold: bounds.inboundPerSecond,
      maxIncomingPendingConnections: bounds.inboundPending,
      dialTimeout: bounds.openMs,
      addressDialTimeout: bounds.addressMs,
      inboundUpgradeTimeout: bounds.upgradeMs,
    },
    // It closes a connection after one late ping, which a busy event loop causes on all of them at once. `probe-connections.ts` counts strikes.
    connectionMonitor: { enabled: false, abortConnectionOnPingFailure: false },
    services: {
      identify: identify(),
      ping: ping(),
      dht: kadDHT({
        protocol: dhtProtocol,
        clientMode: options.dhtMode === 'client',
        peerInfoMapper: options.privateNetwork ? passthroughMapper : removePrivateAddressesMapper,
        kBucketSize: options.kBucketSize,
        initialQuerySelfInterval: 100,
        reprovide: {
          validity: bounds.recordValidityMs,
          threshold: bounds.recordRenewMs,
          interval: bounds.recordSweepMs,
        },
      }),
    },
  })
}

/** Operators have secp256k1 keys; nobody else is of use here. */
const isStranger = (peerId: PeerId): boolean => peerId.type !== 'secp256k1'
