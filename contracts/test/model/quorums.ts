/** Quorums, as `IQuorums` describes them. */
import type { Hex } from 'viem'

import { type Done, type Market, type Operator, ZERO_ADDRESS } from './market.ts'
import { unpackSignatures } from './packed.ts'
import { revert } from './revert.ts'
import { RULES, VALIDATOR_ROLE } from './rules.ts'
import { recover } from './signatures.ts'

export interface Quorum {
  readonly threshold: number
  /** Ascending. */
  readonly members: readonly Hex[]
  /** Who hears appeals; 0 for nobody. */
  readonly appealId: number
}

export function quorumOf(market: Market, id: number): Quorum {
  const quorum = market.quorums[id - 1]
  if (quorum === undefined) throw revert('quorums', 'QuorumUnknown', id)
  return quorum
}

export function createQuorum(market: Market, members: readonly Hex[], threshold: number, appealId: number): Done {
  const count = members.length
  if (count > RULES.maxMembers) throw revert('quorums', 'TooManyMembers', count, RULES.maxMembers)
  if (threshold > count || threshold * 2 <= count) throw revert('quorums', 'BadThreshold', threshold, count)
  if (appealId !== 0) {
    const larger = quorumOf(market, appealId).members.length
    if (larger <= count) throw revert('quorums', 'AppealNotLarger', appealId, larger, count + 1)
  }
  let previous = ZERO_ADDRESS
  for (const member of members) {
    if (member <= previous) throw revert('quorums', 'MembersNotSorted', member)
    previous = member
    requireStakedValidator(market, member)
  }
  const quorums = [...market.quorums, { threshold, members, appealId }]
  return { market: { ...market, quorums }, answer: quorums.length }
}

/** Enough members signed, each signature is good, and the signers ascend. */
export function requireSigned(market: Market, id: number, digest: Hex, packed: Hex): void {
  const { threshold, members } = quorumOf(market, id)
  const signatures = unpackSignatures(packed)
  if (signatures.length < threshold) throw revert('quorums', 'QuorumNotMet', signatures.length, threshold)
  let previous = ZERO_ADDRESS
  for (const [position, signature] of signatures.entries()) {
    const signer = recover(digest, signature)
    if (signer === undefined) throw revert('quorums', 'BadQuorumSignature', position)
    if (signer <= previous) throw revert('quorums', 'SignersNotSorted', signer)
    previous = signer
    if (!members.includes(signer)) throw revert('quorums', 'NotMember', id, signer)
  }
}

export function verify(market: Market, id: number, digest: Hex, signatures: Hex): Done {
  requireSigned(market, id, digest, signatures)
  return { market }
}

/** How many members still have what membership asks for. */
export function stakedMembersOf(market: Market, id: number): number {
  const { members } = quorumOf(market, id)
  return members.filter((member) => isStakedValidator(market, market.stakes.operators.get(member))).length
}

function requireStakedValidator(market: Market, member: Hex): void {
  const operator = market.stakes.operators.get(member)
  if (isStakedValidator(market, operator)) return
  const { roles = 0, active = 0n } = operator ?? {}
  throw revert('quorums', 'NotStakedValidator', member, roles, active, market.setting.minStake)
}

function isStakedValidator(market: Market, operator: Operator | undefined): boolean {
  return operator !== undefined && (operator.roles & VALIDATOR_ROLE) !== 0 && operator.active >= market.setting.minStake
}
