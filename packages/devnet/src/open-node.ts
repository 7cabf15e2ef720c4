import { openBlobStore } from '@assay/blobs'
import { openDrandBeacon } from '@assay/beacon'
import type { Beacon, BlobStore, ChainReader, Clock, Network, Rng, Signer } from '@assay/core'
import { openOperator, systemClock, systemRng, type Logger } from '@assay/node-kit'
import { openNetwork } from '@assay/p2p'
import { byteCount, type BeaconInfo } from '@assay/protocol'
import { join } from 'node:path'
import type { Actor } from './actors.ts'
import type { MarketChain } from './open-market-chain.ts'
import type { Chain } from '@assay/chain'

export interface NodeOptions {
  readonly actor: Actor
  readonly dataDir: string
  readonly market: MarketChain
  readonly beacon: { readonly info: BeaconInfo; readonly url: string }
  /** Multiaddrs to join the market by; empty for the first node. */
  readonly bootstrap: readonly string[]
  readonly log: Logger
}
/** What every service of a devnet has of its own: key, network node, chain connection, blobs, beacon client. */
export interface NodeParts {
  readonly signer: Signer
  readonly network: Network
  readonly blobs: BlobStore
  readonly chain: ChainReader
  readonly chainClient: Chain
  readonly beacon: Beacon
  readonly clock: Clock
  readonly rng: Rng
  readonly log: Logger
  /** Folder for what only this node may read. */
  readonly dir: string
}

/** Bytes of blobs that one devnet node keeps. */
const blobCapBytes = byteCount(8 * 1024 * 1024 * 1024)

/** Opens the parts of one node; `stack` closes them. Nodes meet over libp2p, HTTP and the chain alone. */
export async function openNode(
  stack: AsyncDisposableStack,
  options: NodeOptions,
  signal: AbortSignal,
): Promise<NodeParts> {
  const { actor, market, beacon, bootstrap, log } = options
  const dir = join(options.dataDir, actor.name)
  const chainClient = await market.connect(signal)
  const network = stack.use(
    await openNetwork(
      { privateKey: actor.privateKey, clock: systemClock },
      { listen: ['/ip4/127.0.0.1/tcp/0'], bootstrap, dhtMode: 'server', privateNetwork: true },
    ),
  )
  const blobs = stack.use(await openBlobStore({ dir: join(dir, 'blobs'), capBytes: blobCapBytes }))
  const client = openDrandBeacon({ clock: systemClock }, { info: beacon.info, urls: [beacon.url] })
  const shared = { clock: systemClock, rng: systemRng, log, dir, chainClient, chain: chainClient.reader }
  return { ...shared, signer: openOperator(actor.privateKey), network, blobs, beacon: client }
}
