import {
  deriveBatchDigest,
  deriveBeaconId,
  deriveCommitment,
  deriveOrderId,
  MarketError,
  recoverSigner,
  sumUsdc,
  usdc,
  type Address,
  type BeaconInfo,
  type JobEvidence,
  type MarketDomain,
  type OperatorEntry,
  type OperatorIndex,
  type OrderId,
  type QuorumMembers,
  type Receipt,
  type UsdcBase,
} from '@assay/protocol'
import { deriveSettlement, toBatch, type DerivedSettlement } from '../settle/derive-settlement.ts'
import { faultStages, judgementStages, type Fault, type FaultDetails } from './fault.ts'
import type { JudgedEvidence } from './judge-evidence.ts'

const evidenceStages = judgementStages.filter((stage) => stage !== 'batch')
const settlementStages = ['settlement', 'signatures', 'openings'] as const

/** What is checked, in this order: the anchors, the stages of the evidence, what the settlement adds. */
export const receiptChecks = ['anchors', ...evidenceStages, ...settlementStages] as const
export type ReceiptCheckName = (typeof receiptChecks)[number]

/**
 * What the reader knows from a source it trusts, such as the chain. A receipt brings its own market, quorum and beacon;
 * without anchors it is shown to be consistent, not to come from a quorum that anybody staked for.
 */
export interface ReceiptAnchors {
  readonly market?: MarketDomain
  readonly quorum?: QuorumMembers
  readonly beacon?: BeaconInfo
  /** Operator numbers as the stake registry has them; every payee must be among them. */
  readonly operators?: readonly OperatorEntry[]
}

export interface ReceiptCheck {
  readonly name: ReceiptCheckName
  /** `skipped`: an earlier check failed, or there is nothing to check. */
  readonly status: 'passed' | 'failed' | 'skipped'
  /** Numbers and ids; with a failure also its `fault`. */
  readonly details: FaultDetails
}
export interface ReceiptReport {
  readonly ok: boolean
  readonly orderId: OrderId
  readonly checks: readonly ReceiptCheck[]
  /** What the evidence says; absent when it does not hold. */
  readonly job: JudgedEvidence | undefined
}

/**
 * Judges a receipt offline: the evidence by every rule, the settlement against what follows from it, the quorum's
 * signatures over that, and the openings that the client added. That the transaction in `receipt.proof` is on chain
 * takes a chain.
 */
export function verifyReceipt(receipt: Receipt, anchors: ReceiptAnchors = {}): ReceiptReport {
  const { evidence } = receipt
  const orderId = deriveOrderId(evidence.market, evidence.terms)
  const derived = deriveSettlement(evidence.market, [evidence])
  const checks: ReceiptCheck[] = [checkAnchors(evidence, anchors)]
  if (derived.ok) {
    const job = derived.jobs[0]!
    const numbers = stageNumbers(evidence, job)
    for (const name of evidenceStages) checks.push({ name, status: 'passed', details: numbers[name] ?? {} })
    checks.push(checkSettlement(receipt, derived), checkSignatures(receipt, derived), checkOpenings(receipt, job))
  } else {
    checks.push(...faultyStages(derived))
    for (const name of settlementStages) checks.push({ name, status: 'skipped', details: {} })
  }
  const ok = checks.every(({ status }) => status !== 'failed')
  return { ok, orderId, checks, job: derived.ok ? derived.jobs[0] : undefined }
}

/** Throws `receipt-invalid`, naming the first check that failed. */
export function assertReceipt(receipt: Receipt, anchors: ReceiptAnchors = {}): ReceiptReport {
  const report = verifyReceipt(receipt, anchors)
  const failed = report.checks.find(({ status }) => status === 'failed')
  if (failed === undefined) return report
  throw new MarketError('receipt-invalid', `the receipt fails its check of ${failed.name}`, {
    details: { ...failed.details, check: failed.name },
  })
}

function checkAnchors(evidence: JobEvidence, { market, quorum, beacon, operators }: ReceiptAnchors): ReceiptCheck {
  const name = 'anchors'
  const failed = (reason: string): ReceiptCheck => ({ name, status: 'failed', details: { reason } })
  if (market && (market.chainId !== evidence.market.chainId || market.escrow !== evidence.market.escrow))
    return failed('market')
  if (quorum && !isSameQuorum(quorum, evidence.quorum)) return failed('quorum')
  if (beacon && deriveBeaconId(beacon) !== deriveBeaconId(evidence.beacon)) return failed('beacon')
  if (operators) {
    const known = new Map(operators.map(({ address, index }) => [address, index]))
    if (evidence.operators.some(({ address, index }) => known.get(address) !== index)) return failed('operators')
  }
  const given = [market, quorum, beacon, operators].filter((anchor) => anchor !== undefined).length
  return { name, status: given === 0 ? 'skipped' : 'passed', details: { given } }
}

const isSameQuorum = (a: QuorumMembers, b: QuorumMembers): boolean =>
  a.id === b.id && a.threshold === b.threshold && a.members.toSorted().join() === b.members.toSorted().join()

/** The failing stage names its fault; later ones are not reached. */
function faultyStages({ fault, details }: Fault): readonly ReceiptCheck[] {
  const stage = faultStages[fault]
  // Faults of a batch are found among the operators: a receipt brings the evidence of one job.
  const failing = stage === 'batch' ? evidenceStages.indexOf('operators') : evidenceStages.indexOf(stage)
  return evidenceStages.map((name, i) => {
    if (i < failing) return { name, status: 'passed', details: {} }
    if (i > failing) return { name, status: 'skipped', details: {} }
    return { name, status: 'failed', details: { ...details, fault } }
  })
}

/** What each stage counted when all is well. */
function stageNumbers(
  evidence: JobEvidence,
  { shards, convicted, bill }: JudgedEvidence,
): Partial<Record<ReceiptCheckName, FaultDetails>> {
  const commits = shards.flatMap((shard) => shard.commits)
  return {
    quorum: { members: evidence.quorum.members.length, threshold: evidence.quorum.threshold },
    epochs: { epochs: evidence.epochs.length },
    seeds: { rounds: evidence.epochs.map(({ beacon }) => beacon.round).join(' ') },
    commits: { commits: commits.length },
    sampling: { sampled: commits.filter(({ sampled }) => sampled).length, audits: evidence.audits.length },
    audits: { attestations: commits.reduce((sum, { paid }) => sum + paid.length, 0) },
    contagion: { convicted: convicted.length },
    shards: { shards: shards.length, accepted: shards.filter(({ accepted }) => accepted !== undefined).length },
    operators: { payees: bill.payees.length },
    amounts: { charged: `${bill.chargedUsdc}`, maxAmount: `${evidence.terms.maxAmount}` },
  }
}

/** Equal to the unit when the batch settled this order alone; a part of it otherwise. */
function checkSettlement({ settlement, evidence }: Receipt, derived: DerivedSettlement): ReceiptCheck {
  const name = 'settlement'
  const { bill, orderId } = derived.jobs[0]!
  const failed = (reason: string): ReceiptCheck => ({ name, status: 'failed', details: { reason } })
  const charges = settlement.orders.filter((order) => order.orderId === orderId)
  if (charges.length !== 1 || charges[0]!.charged !== bill.chargedUsdc) return failed('charge')
  const ascending =
    isAscending(settlement.orders.map((order) => order.orderId)) &&
    isAscending(settlement.payouts.map(({ index }) => index))
  if (!ascending) return failed('order')
  const paid = sumUsdc([...settlement.payouts.map(({ amount }) => amount), settlement.fee])
  if (paid !== sumUsdc(settlement.orders.map(({ charged }) => charged))) return failed('balance')

  const shares = new Map(settlement.payouts.map(({ index, amount }) => [index, amount]))
  if (!derived.settlement.payouts.every(({ index, amount }) => within(amount, shares, index))) return failed('payouts')
  if (settlement.fee < bill.feeUsdc) return failed('fee')
  if (settlement.orders.length === 1) {
    if (settlement.payouts.length !== derived.settlement.payouts.length) return failed('payouts')
    if (settlement.fee !== bill.feeUsdc) return failed('fee')
    if (settlement.resultsRoot !== derived.settlement.resultsRoot) return failed('results-root')
  }
  const refunded = evidence.terms.maxAmount - bill.chargedUsdc
  return {
    name,
    status: 'passed',
    details: { orders: settlement.orders.length, charged: `${bill.chargedUsdc}`, refundable: `${refunded}` },
  }
}

function checkSignatures({ settlement, evidence }: Receipt, derived: DerivedSettlement): ReceiptCheck {
  const digest = deriveBatchDigest(evidence.market, toBatch({ ...derived, settlement }))
  const { members, threshold } = evidence.quorum
  const signers = new Set<Address>()
  for (const signature of settlement.signatures) {
    const signer = recoverSigner(digest, signature)
    if (signer === undefined || !members.includes(signer) || signers.has(signer))
      return { name: 'signatures', status: 'failed', details: { signer: signer ?? 'none', signatures: signers.size } }
    signers.add(signer)
  }
  const details = { signatures: signers.size, threshold }
  return { name: 'signatures', status: signers.size >= threshold ? 'passed' : 'failed', details }
}

function checkOpenings({ openings, evidence }: Receipt, { shards }: JudgedEvidence): ReceiptCheck {
  const name = 'openings'
  const opened = new Set<number>()
  for (const { shard, attempt, resultRoot, salt } of openings) {
    const commit = shards[shard]?.accepted?.commit
    const opens =
      commit?.attempt === attempt &&
      !opened.has(shard) &&
      deriveCommitment(evidence.market, commit, { resultRoot, salt }) === commit.commitment
    if (!opens) return { name, status: 'failed', details: { shard, attempt } }
    opened.add(shard)
  }
  const accepted = shards.filter((shard) => shard.accepted !== undefined).length
  return { name, status: opened.size === 0 ? 'skipped' : 'passed', details: { opened: opened.size, accepted } }
}

const within = (amount: UsdcBase, shares: ReadonlyMap<OperatorIndex, UsdcBase>, index: OperatorIndex): boolean =>
  amount <= (shares.get(index) ?? usdc(0n))

const isAscending = <T extends string | number>(keys: readonly T[]): boolean =>
  keys.every((key, i) => i === 0 || keys[i - 1]! < key)
