import type { CapabilityKey, Peer } from '@assay/core'
import type { PeerId, PeerInfo } from '@libp2p/interface'
import { deriveCapabilityCid } from './capability-cid.ts'
import type { Node } from './libp2p-node.ts'
import { limitTime } from './limit-time.ts'
import type { NetworkLimits } from './limits.ts'
import type { KeyTeller } from './tell-keys.ts'

export interface FindDeps {
  readonly node: Node
  readonly teller: KeyTeller
  readonly peerOf: (peerId: PeerId) => Peer | undefined
  readonly bounds: NetworkLimits
  readonly closing: AbortSignal
}

/**
 * Peers under a key, each once, never ourselves: first those connected that told us, then those that the DHT lists
 * (at most its bucket size). Ends early, without an error, when the search takes too long.
 */
export async function* findPeers(
  deps: FindDeps,
  key: CapabilityKey,
  limit: number,
  signal: AbortSignal,
): AsyncGenerator<Peer, void, undefined> {
  signal.throwIfAborted()
  const seen = new Set<string>()
  for (const peer of deps.teller.holders(key)) {
    if (seen.size >= limit) return
    seen.add(peer.address)
    yield peer
    signal.throwIfAborted()
  }
  if (seen.size >= limit || deps.node.getConnections().length === 0) return
  for await (const info of searchDht(deps, key, signal)) {
    const peer = deps.node.peerId.equals(info.id) ? undefined : deps.peerOf(info.id)
    if (peer === undefined || seen.has(peer.address)) continue
    // Their addresses must be known before the caller opens a stream; the library stores them in its own time.
    await deps.node.peerStore.merge(info.id, { multiaddrs: info.multiaddrs }, { signal })
    seen.add(peer.address)
    yield peer
    signal.throwIfAborted()
    if (seen.size >= limit) return
  }
}

async function* searchDht(
  deps: FindDeps,
  key: CapabilityKey,
  signal: AbortSignal,
): AsyncGenerator<PeerInfo, void, undefined> {
  const cid = await deriveCapabilityCid(key)
  const lonely = new AbortController()
  using limit = limitTime(deps.bounds.findMs, signal, deps.closing, lonely.signal)
  const patience = setTimeout(() => {
    if (routingTableSize(deps.node) === 0) lonely.abort(new Error('nobody to ask'))
  }, patienceMs(deps))
  try {
    for await (const event of deps.node.services.dht.findProviders(cid, { signal: limit.signal }))
      if (event.name === 'PROVIDER') yield* event.providers
  } catch (error) {
    signal.throwIfAborted()
    if (!limit.signal.aborted) throw error
  } finally {
    clearTimeout(patience)
  }
}

/**
 * How long a search may wait for the routing table's first peer. In vain when all that are connected only dial out,
 * so only one that has just connected, and may turn out to be a DHT server, is waited for.
 */
function patienceMs({ node, bounds }: FindDeps): number {
  const youngest = Math.max(...node.getConnections().map(({ timeline }) => timeline.open))
  return Date.now() - youngest < bounds.settleMs ? bounds.settleMs : bounds.localMs
}

/** The table is there; the library's type of the service leaves it out. */
function routingTableSize({ services }: Node): number {
  const table: unknown = 'routingTable' in services.dht ? services.dht.routingTable : undefined
  const size: unknown = typeof table === 'object' && table !== null && 'size' in table ? table.size : undefined
  return typeof size === 'number' ? size : 0
}
