/** Stays connected to the bootstrap peers: libp2p's own reconnection gives up for good after five attempts. */
import type { Clock } from '@assay/core'
import { durationMs, MarketError } from '@assay/protocol'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import { createBell } from './bell.ts'
import type { Node } from './libp2p-node.ts'
import { limitTime } from './limit-time.ts'
import type { NetworkLimits } from './limits.ts'
import type { NetworkLog } from './network-log.ts'

export interface KeepDeps {
  readonly node: Node
  readonly clock: Clock
  readonly log: NetworkLog
  readonly bounds: NetworkLimits
  /** Called after each new connection to a bootstrap peer. */
  readonly connected: () => void
}

/** A bootstrap peer and all addresses given for it. */
export interface BootstrapPeer {
  readonly id: PeerId
  readonly addresses: readonly Multiaddr[]
}

/** Groups addresses by peer. Throws `config-invalid` on an address that is malformed or names no peer. */
export function parseBootstrap(addresses: readonly string[]): readonly BootstrapPeer[] {
  const peers = new Map<string, BootstrapPeer>()
  for (const text of addresses) {
    const { id, address } = parsePeerAddress(text)
    const name = id.toString()
    peers.set(name, { id, addresses: [...(peers.get(name)?.addresses ?? []), address] })
  }
  return [...peers.values()]
}

/** A multiaddr that ends in a peer id. Throws `config-invalid`. */
export function parsePeerAddress(text: string): { readonly id: PeerId; readonly address: Multiaddr } {
  try {
    const address = multiaddr(text)
    const name = address.getComponents().findLast((part) => part.name === 'p2p')?.value
    if (name !== undefined) return { id: peerIdFromString(name), address }
  } catch (cause) {
    throw new MarketError('config-invalid', 'not a multiaddr', { details: { address: text.slice(0, 256) }, cause })
  }
  throw new MarketError('config-invalid', 'the multiaddr names no peer', { details: { address: text.slice(0, 256) } })
}

/** Dials each peer and dials it again whenever it is lost, with growing waits, until `closing` aborts. */
export async function keepBootstrap(
  deps: KeepDeps,
  peers: readonly BootstrapPeer[],
  closing: AbortSignal,
): Promise<void> {
  const lost = createBell()
  deps.node.addEventListener('peer:disconnect', () => lost.ring())
  await Promise.all(peers.filter(({ id }) => !id.equals(deps.node.peerId)).map(async (peer) => keepOne(peer)))

  async function keepOne(peer: BootstrapPeer): Promise<void> {
    let waitMs = deps.bounds.retryFirstMs
    while (!closing.aborted) {
      if (await dial(deps, peer, closing)) {
        waitMs = deps.bounds.retryFirstMs
        while (deps.node.getConnections(peer.id).length > 0 && !closing.aborted)
          await lost.wait(closing).catch(() => undefined)
        if (!closing.aborted) deps.log.info({ peer: peer.id.toString() }, 'bootstrap.lost')
      }
      await deps.clock.sleep(durationMs(Math.round(waitMs * spread(deps.node.peerId))), closing).catch(() => undefined)
      waitMs = Math.min(waitMs * 2, deps.bounds.retryLongestMs)
    }
  }
}

async function dial(deps: KeepDeps, peer: BootstrapPeer, closing: AbortSignal): Promise<boolean> {
  using limit = limitTime(deps.bounds.openMs, closing)
  const { signal } = limit
  try {
    await deps.node.dial([...peer.addresses], { signal })
    // The connection pruner closes the least valued first.
    await deps.node.peerStore.merge(peer.id, { tags: { bootstrap: { value: 100 } } }, { signal })
    deps.log.info({ peer: peer.id.toString() }, 'bootstrap.connected')
    deps.connected()
    return true
  } catch (error) {
    if (!closing.aborted) deps.log.info({ peer: peer.id.toString(), reason: nameOf(error) }, 'bootstrap.unreachable')
    return false
  }
}

/** 0.75 to 1.25, fixed per node, so that nodes that lost the same peer do not all come back at the same moment. */
const spread = (id: PeerId): number => 0.75 + (id.toMultihash().digest.at(-1) ?? 0) / 512

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : 'unknown')
