/** Several nodes in one process, over TCP on loopback with ports that the system chooses. */
import { randomBytes } from 'node:crypto'
import type { Network } from '@assay/core'
import { asHash, bytesToHex, type PrivateKey } from '@assay/protocol'
import { openNetwork, type NetworkLog, type NetworkOptions } from '../src/index.ts'

/** Opens nodes and closes them all, the last one first. */
export interface Market extends AsyncDisposable {
  open(options?: MarketOptions): Promise<Network>
}
export interface MarketOptions extends Partial<NetworkOptions> {
  /** Whether others can dial it. Default true. */
  readonly listens?: boolean
  readonly privateKey?: PrivateKey
  readonly log?: NetworkLog
}

export function openMarket(shared: MarketOptions = {}): Market {
  const nodes: Network[] = []
  return {
    async open(own = {}) {
      const { listens = true, privateKey = createKey(), log, ...options } = { ...shared, ...own }
      const node = await openNetwork(
        { privateKey, ...(log === undefined ? {} : { log }) },
        {
          listen: listens ? ['/ip4/127.0.0.1/tcp/0'] : [],
          bootstrap: [],
          dhtMode: listens ? 'server' : 'client',
          privateNetwork: true,
          kBucketSize: 8,
          ...options,
        },
      )
      nodes.push(node)
      return node
    },
    async [Symbol.asyncDispose]() {
      for (const node of nodes.toReversed()) await node[Symbol.asyncDispose]()
    },
  }
}

export const createKey = (): PrivateKey => asHash<PrivateKey>(bytesToHex(randomBytes(32)))
