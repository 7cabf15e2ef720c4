/** Operators, their stake and the validator sets of a fake chain: the rules of `Stakes` and `Quorums`. */
import type { ChainMarket, ChainOperator } from '@assay/core'
import {
  recoverSigner,
  usdc,
  type Address,
  type Hex,
  type OperatorIndex,
  type QuorumId,
  type QuorumMembers,
  type Signature,
} from '@assay/protocol'
import { revert } from './fake-revert.ts'
import type { FakeToken } from './fake-token.ts'

/** What an operator does in the market. */
export interface FakeRoles {
  readonly provider?: boolean
  readonly validator?: boolean
  readonly aggregator?: boolean
  /** Where earnings go; the operator itself unless said otherwise. */
  readonly payout?: Address
}

export interface FakeStakes {
  operator(address: Address): ChainOperator | undefined
  payoutOf(index: OperatorIndex): Address | undefined
  count(): number
  register(address: Address, roles: FakeRoles): OperatorIndex
  /** Takes from the operator's own balance. */
  stake(address: Address, amount: bigint): void
  requestUnbond(address: Address, amount: bigint): void
  /** Takes leaving stake first; never more than there is. Returns what was taken. */
  slash(address: Address, amount: bigint, to: Address): bigint
  total(): bigint
  createQuorum(members: readonly Address[], threshold: number, appealsTo?: QuorumId): QuorumId
  quorum(id: QuorumId): QuorumMembers | undefined
  appealQuorumOf(id: QuorumId): QuorumId | undefined
  /** Reverts unless a threshold of distinct members signed the digest and nobody else did. */
  verify(id: QuorumId, digest: Hex, signatures: readonly Signature[]): void
}

interface Row {
  readonly index: OperatorIndex
  readonly roles: FakeRoles
  active: bigint
  unbonding: bigint
}

/** No operators, no quorums. */
export function createFakeStakes(market: ChainMarket, token: FakeToken): FakeStakes {
  const rows = new Map<Address, Row>()
  const rowOf = (address: Address): Row => {
    const row = rows.get(address)
    if (row === undefined) throw revert('NotRegistered', { operator: address })
    return row
  }
  const byIndex = (index: OperatorIndex): Address | undefined => [...rows].find(([, row]) => row.index === index)?.[0]
  return {
    operator: (address) => view(address, rows.get(address)),
    payoutOf(index) {
      const address = byIndex(index)
      return address === undefined ? undefined : (rowOf(address).roles.payout ?? address)
    },
    count: () => rows.size,
    register(address, roles) {
      if (rows.has(address)) throw revert('AlreadyRegistered', { operator: address })
      if (!roles.provider && !roles.validator && !roles.aggregator) throw revert('BadRoles')
      const index = (rows.size + 1) as OperatorIndex
      rows.set(address, { index, roles, active: 0n, unbonding: 0n })
      return index
    },
    stake(address, amount) {
      const row = rowOf(address)
      if (amount <= 0n) throw revert('ZeroAmount')
      token.transfer(address, market.stakes, amount)
      row.active += amount
    },
    requestUnbond(address, amount) {
      const row = rowOf(address)
      if (amount > row.active) throw revert('InsufficientStake', { have: row.active, want: amount })
      row.active -= amount
      row.unbonding += amount
    },
    slash(address, amount, to) {
      const row = rowOf(address)
      const fromUnbonding = amount < row.unbonding ? amount : row.unbonding
      const rest = amount - fromUnbonding
      const fromActive = rest < row.active ? rest : row.active
      token.transfer(market.stakes, to, fromUnbonding + fromActive)
      row.unbonding -= fromUnbonding
      row.active -= fromActive
      return fromUnbonding + fromActive
    },
    total: () => [...rows.values()].reduce((sum, row) => sum + row.active + row.unbonding, 0n),
    ...createFakeQuorums((address) => {
      const row = rows.get(address)
      return row?.roles.validator === true && row.active > 0n
    }),
  }
}

/** Append-only validator sets; `isStakedValidator` decides who may join a new one. */
function createFakeQuorums(
  isStakedValidator: (address: Address) => boolean,
): Pick<FakeStakes, 'createQuorum' | 'quorum' | 'appealQuorumOf' | 'verify'> {
  const quorums: QuorumMembers[] = []
  const benches = new Map<QuorumId, QuorumId>()
  const quorum = (id: QuorumId): QuorumMembers | undefined => quorums[id - 1]
  return {
    createQuorum(members, threshold, appealsTo) {
      if (threshold > members.length || threshold * 2 <= members.length) throw revert('BadThreshold')
      const sorted = members.toSorted()
      if (new Set(sorted).size !== sorted.length) throw revert('MembersNotSorted')
      const stranger = sorted.find((member) => !isStakedValidator(member))
      if (stranger !== undefined) throw revert('NotStakedValidator', { member: stranger })
      const bench = appealsTo === undefined ? undefined : quorum(appealsTo)
      if (appealsTo !== undefined && bench === undefined) throw revert('QuorumUnknown', { id: appealsTo })
      if (bench !== undefined && bench.members.length <= members.length) throw revert('AppealNotLarger')
      const id = (quorums.length + 1) as QuorumId
      if (appealsTo !== undefined) benches.set(id, appealsTo)
      quorums.push({ id, threshold, members: sorted })
      return id
    },
    quorum,
    appealQuorumOf: (id) => benches.get(id),
    verify(id, digest, signatures) {
      const set = quorum(id)
      if (set === undefined) throw revert('QuorumUnknown', { id })
      if (signatures.length < set.threshold)
        throw revert('QuorumNotMet', { have: signatures.length, need: set.threshold })
      const signers = signatures.map((signature) => recoverSigner(digest, signature))
      if (new Set(signers).size !== signers.length) throw revert('SignersNotSorted')
      for (const signer of signers) {
        if (signer === undefined) throw revert('BadQuorumSignature')
        if (!set.members.includes(signer)) throw revert('NotMember', { signer })
      }
    },
  }
}

function view(address: Address, row: Row | undefined): ChainOperator | undefined {
  if (row === undefined) return undefined
  return {
    address,
    index: row.index,
    payout: row.roles.payout ?? address,
    provider: row.roles.provider ?? false,
    validator: row.roles.validator ?? false,
    aggregator: row.roles.aggregator ?? false,
    stake: usdc(row.active + row.unbonding),
    unbonding: usdc(row.unbonding),
  }
}
