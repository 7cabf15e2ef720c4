import type { Address, EpochProposal } from '@assay/protocol'

/** An operator or client, and where its earnings go; the same address when the chain knows no other. */
export interface KnownParty {
  readonly address: Address
  readonly payout: Address
}
export type RelatedPair = NonNullable<EpochProposal['related']>[number]

/**
 * Members of a quorum that must not judge some of an epoch's parties, because one purse stands behind both: they share a
 * payout address, or one is paid out to the other. Sorted and without repeats, so that everybody who reads the same chain
 * finds the same list.
 */
export function findRelated(members: readonly KnownParty[], parties: readonly KnownParty[]): readonly RelatedPair[] {
  const pairs = new Map<string, RelatedPair>()
  for (const member of members)
    for (const party of parties)
      if (member.address !== party.address && share(member, party))
        pairs.set(`${member.address}/${party.address}`, { validator: member.address, party: party.address })
  return [...pairs].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, pair]) => pair)
}

const share = (a: KnownParty, b: KnownParty): boolean =>
  a.payout === b.payout || a.payout === b.address || b.payout === a.address
