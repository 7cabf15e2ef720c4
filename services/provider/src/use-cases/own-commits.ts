import type { Peer } from '@assay/core'
import {
  assertBug,
  createEnvelope,
  roleKey,
  toJson,
  type Address,
  type Envelope,
  type QuorumId,
  type SignedCommit,
} from '@assay/protocol'
import type { ProviderContext } from '../context.ts'
import { providerLimits } from '../limits.ts'
import type { AttemptRow } from '../store/records.ts'

/** The provider's signed word on its own commit: that it belongs into an epoch, or that it is taken back. */
export async function signOwnCommit(
  { chain, signer }: ProviderContext,
  kind: 'counter/1' | 'retract/1',
  row: AttemptRow,
): Promise<Envelope> {
  const { commit, sealed } = withCommit(row)
  const { chainId, escrow } = chain.market
  const lease = { offer: row.offer, acceptance: row.acceptance }
  const body = { chainId, escrow, lease, commit, ...(kind === 'counter/1' && { sealedBytes: sealed.size }) }
  return createEnvelope(kind, toJson(body), signer)
}

/** What a committed attempt has for certain. */
export function withCommit({ commit, sealed }: AttemptRow): {
  readonly commit: SignedCommit
  readonly sealed: NonNullable<AttemptRow['sealed']>
} {
  assertBug(commit !== undefined && sealed !== undefined, 'a committed attempt has its commit')
  return { commit, sealed }
}

/** The members of a quorum that can be reached now, and how many of them make a threshold. */
export async function findQuorum(
  { chain, chainFacts, network }: ProviderContext,
  quorumId: QuorumId,
  signal: AbortSignal,
): Promise<{ readonly peers: readonly Peer[]; readonly threshold: number; readonly members: readonly Address[] }> {
  const quorum = await chainFacts.quorum(quorumId, signal)
  if (quorum === undefined) return { peers: [], threshold: Infinity, members: [] }
  const found = new Map<Address, Peer>(network.connected().map((peer) => [peer.address, peer]))
  const all = (): boolean => quorum.members.every((member) => found.has(member))
  if (!all()) {
    const options = { limit: providerLimits.validatorsFound }
    for await (const peer of network.find(roleKey(chain.market, 'validator'), options, signal)) {
      found.set(peer.address, peer)
      if (all()) break
    }
  }
  const peers = quorum.members.flatMap((member) => found.get(member) ?? [])
  return { peers, threshold: quorum.threshold, members: quorum.members }
}
