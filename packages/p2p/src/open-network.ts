/** Opens the `Network` port on libp2p. */
import type { Clock, Network } from '@assay/core'
import { MarketError, type PrivateKey } from '@assay/protocol'
import { parseBootstrap } from './keep-bootstrap.ts'
import { createNode, type SecureChannel } from './libp2p-node.ts'
import { Libp2pNetwork } from './libp2p-network.ts'
import { networkLimits, type NetworkLimits } from './limits.ts'
import { silentLog, type NetworkLog } from './network-log.ts'
import { systemClock } from './system-clock.ts'

export interface NetworkDeps {
  /** The operator key: also the EVM address and the libp2p identity. */
  readonly privateKey: PrivateKey
  readonly clock?: Clock
  readonly log?: NetworkLog
}

export interface NetworkOptions {
  /** Multiaddrs to listen at, e.g. `/ip4/0.0.0.0/tcp/4001`; empty for a node that only dials out. */
  readonly listen: readonly string[]
  /** Multiaddrs with peer id to stay connected to. */
  readonly bootstrap: readonly string[]
  /** `server` holds records for others and needs an address that they can dial. */
  readonly dhtMode: 'server' | 'client'
  /** Whether the DHT spreads private and loopback addresses: for a LAN, one machine, tests. */
  readonly privateNetwork: boolean
  /** Addresses to announce besides those listened at, e.g. a forwarded port. */
  readonly advertise?: readonly string[]
  /** Secure channels offered, the preferred one first. Default tls, then noise. */
  readonly secureChannels?: readonly SecureChannel[]
  /** Peers that hold a record, and most that a search returns. Default 20; smaller for many nodes in one process. */
  readonly kBucketSize?: number
  /** Bounds to change; tests scale times down. */
  readonly limits?: Partial<NetworkLimits>
}

/**
 * Starts a node and keeps it connected to its bootstrap peers. Returns once it listens; it need not be connected yet.
 * Throws `config-invalid` on a malformed address or one that cannot be listened at.
 */
export async function openNetwork(deps: NetworkDeps, options: NetworkOptions): Promise<Network> {
  const bounds: NetworkLimits = { ...networkLimits, ...options.limits }
  const bootstrap = parseBootstrap(options.bootstrap)
  try {
    const node = await createNode({
      privateKey: deps.privateKey,
      listen: options.listen,
      advertise: options.advertise ?? [],
      dhtMode: options.dhtMode,
      privateNetwork: options.privateNetwork,
      secureChannels: options.secureChannels ?? ['tls', 'noise'],
      kBucketSize: options.kBucketSize ?? 20,
      bounds,
    })
    const network = new Libp2pNetwork({ node, bounds, log: deps.log ?? silentLog, clock: deps.clock ?? systemClock })
    await network.start(bootstrap)
    return network
  } catch (cause) {
    throw new MarketError('config-invalid', 'the node cannot listen at its addresses', {
      details: { listen: options.listen.join(' ').slice(0, 1000) },
      cause,
    })
  }
}
