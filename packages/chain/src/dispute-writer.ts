import { appealBond, type DisputeWriter, type SignedBatch } from '@assay/core'
import {
  deriveOrderId,
  deriveRulingDigest,
  deriveVerdictDigest,
  deriveVerdictId,
  MarketError,
  verdictOutcomes,
  type Opening,
  type OrderTerms,
  type SignedAuditCommit,
  type SignedCommit,
  type Verdict,
} from '@assay/protocol'
import { disputesAbi } from './abi/disputes.ts'
import { usdcAbi } from './abi/usdc.ts'
import { concatSignatures } from './concat-signatures.ts'
import { encodeBatch } from './encode-batch.ts'
import type { Chain } from './open-chain.ts'
import type { Transactor } from './transactor.ts'

/** Verdicts on validators, appeals, rulings and proofs; keys follow from what is proven, whoever proves it. */
export function createDisputeWriter({ reader }: Chain, transactor: Transactor): DisputeWriter {
  const { market } = reader
  const disputes = { address: market.disputes, abi: disputesAbi } as const
  const outcomes = verdictOutcomes
  const faultOf = (terms: OrderTerms, about: Pick<Verdict, 'shard' | 'attempt' | 'accused'>, outcome: number) =>
    deriveVerdictId({ ...about, orderId: deriveOrderId(market, terms), outcome })
  return {
    submitValidatorVerdict({ verdict, terms, provider, opening, audit }, signatures, signal) {
      const digest = deriveVerdictDigest(market, verdict)
      const args = [verdict, terms, auditProof(provider, opening, audit), concatSignatures(digest, signatures)]
      const effect = { ...disputes, key: `verdict:${digest}`, what: 'submitting the verdict on a validator' }
      return transactor.send({ ...effect, functionName: 'submitValidatorVerdict', args }, signal)
    },
    async appealVerdict(verdict, signal) {
      const id = deriveVerdictId(verdict)
      const record = await reader.verdictRecord(id, signal)
      if (record === undefined) throw new MarketError('verdict-unknown', 'nothing to appeal', { details: { id } })
      const bond = appealBond(record.slash, record.round)
      const approve = { address: market.token, abi: usdcAbi, functionName: 'approve', args: [market.disputes, bond] }
      await transactor.send({ ...approve, key: `bond:${id}:${record.round}`, what: 'approving the bond' }, signal)
      const effect = { ...disputes, key: `appeal:${id}:${record.round}`, what: 'appealing the verdict' }
      return transactor.send({ ...effect, functionName: 'appeal', args: [id] }, signal)
    },
    submitRuling(ruling, signatures, signal) {
      const digest = deriveRulingDigest(market, ruling)
      const { verdictId, guilty, evidence } = ruling
      const args = [verdictId, guilty, evidence, concatSignatures(digest, signatures)]
      const effect = { ...disputes, key: `ruling:${digest}`, what: 'submitting the ruling' }
      return transactor.send({ ...effect, functionName: 'submitRuling', args }, signal)
    },
    proveEquivocation({ terms, first, second, reporter }, signal) {
      const { shard, attempt, provider } = first
      const proof = { shard, attempt, provider, first: commitProof(first), second: commitProof(second) }
      const id = faultOf(terms, { shard, attempt, accused: provider }, outcomes.equivocation)
      const effect = { ...disputes, key: `prove:${id}`, what: 'proving two commits' }
      return transactor.send({ ...effect, functionName: 'proveEquivocation', args: [proof, terms, reporter] }, signal)
    },
    proveConflictingAudits({ terms, commit, opening, first, second, reporter }, signal) {
      const { shard, attempt, provider } = commit
      const { validator } = first
      const proofOf = (audit: SignedAuditCommit) => auditProof(provider, opening, audit)
      const proof = { shard, attempt, validator, first: proofOf(first), second: proofOf(second) }
      const id = faultOf(terms, { shard, attempt, accused: validator }, outcomes.conflictingAudits)
      const effect = { ...disputes, key: `prove:${id}`, what: 'proving two audits' }
      const args = [proof, terms, reporter]
      return transactor.send({ ...effect, functionName: 'proveConflictingAudits', args }, signal)
    },
    proveConflictingBatches({ terms, validator, first, second, reporter }, signal) {
      const orderId = deriveOrderId(market, terms)
      const signedBatch = (signed: SignedBatch) => {
        const ids = signed.orders.map((order) => order.orderId).toSorted()
        const { batch } = encodeBatch(market, signed)
        return { batch, position: ids.indexOf(orderId), signature: signed.signatures[0] ?? '0x' }
      }
      const id = faultOf(terms, { shard: 0, attempt: 0, accused: validator }, outcomes.conflictingBatches)
      const effect = { ...disputes, key: `prove:${id}`, what: 'proving two settlements' }
      const args = [validator, signedBatch(first), signedBatch(second), terms, reporter]
      return transactor.send({ ...effect, functionName: 'proveConflictingBatches', args }, signal)
    },
  }
}

const commitProof = ({ commitment, sealedHash, signature }: SignedCommit) => ({ commitment, sealedHash, signature })

const auditProof = (
  provider: SignedCommit['provider'],
  { resultRoot, salt }: Opening,
  { round, auditCommitment, signature }: SignedAuditCommit,
) => ({ provider, resultRoot, salt, round, auditCommitment, signature })
