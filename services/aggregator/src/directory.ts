import type { Candidate, ChainOperator, ChainReader, Clock, Log, Network, Peer } from '@assay/core'
import {
  AdvertReply,
  decodeError,
  durationMs,
  isMarketError,
  openAdvert,
  protocols,
  roleKey,
  type Address,
  type Advert,
  type Envelope,
  type MarketError,
} from '@assay/protocol'
import { createCircuitBreaker, type CircuitBreaker } from './circuit-breaker.ts'
import { createImageBook, type ImageBook } from './image-book.ts'
import { aggregatorLimits as limits } from './limits.ts'
import { requestPeer } from './request-peer.ts'

/** A node found in the DHT, believed only after its own signed advert and its stake on chain agreed. */
export interface DirectoryNode {
  readonly peer: Peer
  readonly advert: Advert
  /** The advert as it was signed. */
  readonly envelope: Envelope
  readonly operator: ChainOperator
}

/** Who could serve right now. */
export interface Directory extends AsyncDisposable {
  providers(): readonly DirectoryNode[]
  validators(): readonly DirectoryNode[]
  node(address: Address): DirectoryNode | undefined
  readonly images: ImageBook
  readonly breaker: CircuitBreaker
  /** Asks every provider that is not known to hold an image whether it can run it; gives the errors of those that cannot. */
  probeImage(image: string, signal: AbortSignal): Promise<readonly MarketError[]>
  /** Whether `probeImage` may learn something new: a provider joined later, did not answer, or this is a new run. */
  hasUnprobed(image: string): boolean
  /** Searches the DHT once more, now. */
  refresh(signal: AbortSignal): Promise<void>
}
export type DirectoryDeps = {
  readonly network: Network
  readonly chain: ChainReader
  readonly clock: Clock
  readonly log: Log
  readonly changed: () => void
}

export function openDirectory(deps: DirectoryDeps): Directory {
  const { clock, log } = deps
  const nodes = new Map<Address, DirectoryNode>()
  const images = createImageBook(clock)
  const stop = new AbortController()
  const ofRole = (role: Advert['role']): readonly DirectoryNode[] =>
    [...nodes.values()].filter((node) => node.advert.role === role && node.advert.expiresAtMs > clock.now())
  const refresh = async (signal: AbortSignal): Promise<void> => {
    const found = await Promise.allSettled(
      (['provider', 'validator'] as const).map((role) => findRole(deps, role, nodes, signal)),
    )
    for (const result of found)
      if (result.status === 'rejected') log.debug({ error: String(result.reason) }, 'search.failed')
    for (const [address, node] of nodes) if (node.advert.expiresAtMs <= clock.now()) nodes.delete(address)
  }
  const loop = (async () => {
    while (!stop.signal.aborted) {
      await refresh(stop.signal).catch(() => undefined)
      await clock.sleep(durationMs(limits.discoveryMs), stop.signal).catch(() => undefined)
    }
  })()
  return {
    providers: () => ofRole('provider'),
    validators: () => ofRole('validator'),
    node: (address) => nodes.get(address),
    refresh,
    images,
    breaker: createCircuitBreaker(clock),
    hasUnprobed: (image) =>
      images.isDue(
        ofRole('provider').map(({ peer }) => peer.address),
        image,
      ),
    probeImage: async (image, signal) => probeImage(deps, images, { image, nodes: ofRole('provider') }, signal),
    async [Symbol.asyncDispose]() {
      stop.abort()
      await loop
    },
  }
}

async function probeImage(
  deps: DirectoryDeps,
  images: ImageBook,
  { image, nodes }: { readonly image: string; readonly nodes: readonly DirectoryNode[] },
  signal: AbortSignal,
): Promise<readonly MarketError[]> {
  const errors: MarketError[] = []
  const probe = async ({ peer }: DirectoryNode): Promise<void> => {
    if (images.holds(peer.address, image)) return
    const request = {
      protocol: protocols.advert,
      message: { type: 'advert', image },
      reply: AdvertReply,
      deadlineMs: limits.validatorReplyMs,
    }
    const reply = await requestPeer(deps, peer.publicKey, request, signal)
    const body = reply.type === 'advert' ? reply.imageError : reply.error
    const error = body && decodeError(body)
    // A provider that is busy or has lost its engine for a moment is asked again.
    if (error?.retryable !== true) images.mark(peer.address, image, error === undefined)
    if (error !== undefined) errors.push(error)
  }
  images.asked(image)
  await Promise.allSettled(nodes.map(probe))
  return errors
}

/** What matching needs of a provider. */
export const toCandidate = (
  node: DirectoryNode,
  load: { readonly busy: number; readonly unsettledUsdc: Candidate['unsettledUsdc'] },
  failures: number,
): Candidate => ({
  provider: node.peer.address,
  stakeUsdc: node.operator.stake,
  minPriceUsdc: node.advert.minPriceUsdc,
  classes: node.advert.classes,
  hardwareClasses: node.advert.hardwareClasses ?? [],
  cpus: node.advert.cpus,
  memoryBytes: node.advert.memoryBytes,
  slots: node.advert.slots,
  busy: load.busy,
  unsettledUsdc: load.unsettledUsdc,
  failures,
})

async function findRole(
  deps: DirectoryDeps,
  role: Advert['role'],
  nodes: Map<Address, DirectoryNode>,
  signal: AbortSignal,
): Promise<void> {
  const { network, chain, log } = deps
  const asked: Promise<void>[] = []
  for await (const peer of network.find(roleKey(chain.market, role), { limit: limits.directoryNodes }, signal)) {
    const ask = async (): Promise<void> => {
      const node = await verifyNode(deps, peer, { role, known: nodes.get(peer.address) }, signal)
      const isNew = !nodes.has(peer.address)
      nodes.set(peer.address, node)
      if (isNew) {
        log.info({ peer: peer.address, role }, 'node.found')
        deps.changed()
      }
    }
    asked.push(
      ask().catch((error: unknown) => {
        log.debug({ peer: peer.address, code: isMarketError(error) ? error.code : 'internal' }, 'advert.refused')
      }),
    )
  }
  await Promise.all(asked)
}

async function verifyNode(
  deps: DirectoryDeps,
  peer: Peer,
  { role, known }: { readonly role: Advert['role']; readonly known: DirectoryNode | undefined },
  signal: AbortSignal,
): Promise<DirectoryNode> {
  const { chain, clock } = deps
  const request = {
    protocol: protocols.advert,
    message: { type: 'advert' },
    reply: AdvertReply,
    deadlineMs: limits.validatorReplyMs,
  }
  const reply = await requestPeer(deps, peer.publicKey, request, signal)
  if (reply.type === 'error') throw decodeError(reply.error)
  const unchanged = known?.envelope.signature === reply.advert.signature && known.advert.expiresAtMs > clock.now()
  const advert = unchanged ? known.advert : openAdvert(reply.advert, chain.market, peer.address, clock.now())
  const operator = await chain.operator(peer.address, signal)
  const staked =
    operator !== undefined && operator.stake > 0n && (role === 'provider' ? operator.provider : operator.validator)
  if (!staked || advert.role !== role)
    throw decodeError({
      code: 'stake-insufficient',
      message: 'not staked in this role',
      blame: 'provider',
      details: {},
    })
  return { peer, advert, envelope: unchanged ? known.envelope : reply.advert, operator }
}
