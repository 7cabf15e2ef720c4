import {
  deriveAuditCommitDigest,
  deriveBatchDigest,
  deriveCommitDigest,
  deriveCommitment,
  deriveOrderId,
  deriveVerdictId,
  recoverSigner,
  verdictOutcomes,
  type Address,
  type FaultProof,
  type Hash32,
  type MarketDomain,
  type MemberSettlement,
  type OrderId,
} from '@assay/protocol'
import { toBatch } from '../settle/derive-settlement.ts'

/** Whom a proof convicts, and under which name. */
export interface ProvenFault {
  readonly verdictId: Hash32
  readonly orderId: OrderId
  readonly accused: Address
  /** 3, 4 or 5. */
  readonly outcome: number
}

/**
 * Whether two statements convict their signer, by the rules of `Disputes`: both signed by it, both about one thing, and in
 * contradiction. `undefined` when they do not; nothing else is a reason to send them to the chain.
 */
export function checkFaultProof(market: MarketDomain, proof: FaultProof): ProvenFault | undefined {
  const orderId = deriveOrderId(market, proof.terms)
  const found = (
    about: { readonly shard: number; readonly attempt: number; readonly accused: Address },
    outcome: number,
  ) => ({
    orderId,
    outcome,
    accused: about.accused,
    verdictId: deriveVerdictId({ ...about, orderId, outcome }),
  })
  switch (proof.kind) {
    case 'equivocation': {
      const { shard, attempt, provider: accused } = proof.first
      if (!isEquivocation(market, orderId, proof)) return undefined
      return found({ shard, attempt, accused }, verdictOutcomes.equivocation)
    }
    case 'conflicting-audits': {
      const { shard, attempt } = proof.commit
      if (!areConflictingAudits(market, orderId, proof)) return undefined
      return found({ shard, attempt, accused: proof.first.validator }, verdictOutcomes.conflictingAudits)
    }
    case 'conflicting-batches':
      if (!areConflictingBatches(market, orderId, proof)) return undefined
      return found({ shard: 0, attempt: 0, accused: proof.validator }, verdictOutcomes.conflictingBatches)
  }
}

type Kind<K extends FaultProof['kind']> = Extract<FaultProof, { kind: K }>

function isEquivocation(market: MarketDomain, orderId: OrderId, { first, second }: Kind<'equivocation'>): boolean {
  const about =
    first.orderId === orderId &&
    second.orderId === orderId &&
    first.shard === second.shard &&
    first.attempt === second.attempt &&
    first.provider === second.provider
  // Sealing one result twice gives two sealed hashes; only another commitment is another answer.
  return (
    about &&
    first.commitment !== second.commitment &&
    [first, second].every((one) => recoverSigner(deriveCommitDigest(market, one), one.signature) === one.provider)
  )
}

function areConflictingAudits(market: MarketDomain, orderId: OrderId, proof: Kind<'conflicting-audits'>): boolean {
  const { commit, opening, first, second } = proof
  const about =
    commit.orderId === orderId &&
    deriveCommitment(market, commit, opening) === commit.commitment &&
    [first, second].every(({ commitment }) => commitment === commit.commitment) &&
    first.round === second.round &&
    first.validator === second.validator
  return (
    about &&
    first.auditCommitment !== second.auditCommitment &&
    [first, second].every((one) => recoverSigner(deriveAuditCommitDigest(market, one), one.signature) === one.validator)
  )
}

function areConflictingBatches(market: MarketDomain, orderId: OrderId, proof: Kind<'conflicting-batches'>): boolean {
  const { validator } = proof
  const both = [proof.first, proof.second].map((signed) => {
    const digest = deriveBatchDigest(market, batchOf(signed))
    const charged = signed.orders.find((order) => order.orderId === orderId)?.charged
    return { digest, charged, signer: recoverSigner(digest, signed.signatures[0]!), sole: signed.orders.length === 1 }
  })
  const [first, second] = both
  if (first === undefined || second === undefined || first.digest === second.digest) return false
  if (both.some(({ signer, charged }) => signer !== validator || charged === undefined)) return false
  // Batches of several orders may differ in the others: they contradict each other only about what this order pays.
  return first.charged !== second.charged || (first.sole && second.sole)
}

const batchOf = ({ aggregator, quorumId, ...settlement }: MemberSettlement) =>
  toBatch({ settlement, aggregator, quorumId })
