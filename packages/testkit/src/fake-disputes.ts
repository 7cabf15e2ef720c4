/** Verdicts, appeals, rulings and proofs of a fake chain: the rules of `Disputes`. */
import { appealBond, chainSlashCap } from '@assay/core'
import type {
  ChainAppeal,
  ChainFault,
  ChainMarket,
  ChainVerdict,
  ConflictingAuditsProof,
  ConflictingBatchesProof,
  EquivocationProof,
  ProvenValidatorVerdict,
  ProvenVerdict,
  SignedBatch,
} from '@assay/core'
import {
  basisPoints,
  deriveAuditCommitDigest,
  deriveCommitDigest,
  deriveCommitment,
  deriveOrderId,
  deriveRulingDigest,
  deriveVerdictDigest,
  deriveVerdictId,
  portionDown,
  recoverSigner,
  unixSeconds,
  usdc,
  verdictOutcomes,
  type Address,
  type Hash32,
  type Hex,
  type OrderId,
  type OrderTerms,
  type QuorumId,
  type Ruling,
  type Signature,
  type UnixSeconds,
  type UsdcBase,
  type Verdict,
} from '@assay/protocol'
import { revert } from './fake-revert.ts'
import type { FakeStakes } from './fake-stakes.ts'
import { createTally, type Tally } from './fake-tally.ts'
import type { FakeToken } from './fake-token.ts'

export interface FakeDisputes {
  readonly credit: Tally<Address>
  /** What nobody can take out. */
  fund(): bigint
  /** Bonds of appeals that wait. */
  bonds(): bigint
  record(id: Hash32): ChainVerdict | undefined
  faultsOf(accused: Address): readonly ChainFault[]
  appealOf(id: Hash32, round: number): ChainAppeal | undefined
  submit(proven: ProvenVerdict, signatures: readonly Signature[], now: UnixSeconds): void
  submitValidator(proven: ProvenValidatorVerdict, signatures: readonly Signature[], now: UnixSeconds): void
  /** Slashes and shares out: 40 % to the detector, 10 % to the client, the rest to a fund nobody can take from. */
  finalize(verdict: Verdict, now: UnixSeconds): bigint
  appeal(verdict: Verdict, by: Address, now: UnixSeconds): void
  rule(ruling: Ruling, signatures: readonly Signature[], now: UnixSeconds): void
  proveEquivocation(proof: EquivocationProof, now: UnixSeconds): void
  proveConflictingAudits(proof: ConflictingAuditsProof, now: UnixSeconds): void
  proveConflictingBatches(proof: ConflictingBatchesProof, now: UnixSeconds): void
}

export interface FakeDisputesOptions {
  /** Seconds in which a verdict or a ruling can be appealed, and in which a bench can rule. */
  readonly appealWindow: number
  readonly isFunded: (id: OrderId) => boolean
  readonly batchDigest: (batch: SignedBatch) => Hex
}

interface Row {
  readonly id: Hash32
  readonly orderId: OrderId
  readonly outcome: number
  readonly accused: Address
  readonly detector: Address
  readonly client: Address
  readonly slash: UsdcBase
  readonly recordedAt: UnixSeconds
  status: 'submitted' | 'appealed' | 'final'
  guilty: boolean
  closesAt: number
  benchId: QuorumId
  bond: bigint
  collected: UsdcBase
  readonly appeals: ChainAppeal[]
}

const maxAppeals = 3
/** `Disputes.VERDICT_WINDOW`. */
const verdictWindow = 3 * 24 * 3600

/** No faults. */
export function createFakeDisputes(
  market: ChainMarket,
  token: FakeToken,
  stakes: FakeStakes,
  options: FakeDisputesOptions,
): FakeDisputes {
  const rows = new Map<Hash32, Row>()
  const credit = createTally<Address>()
  let fund = 0n

  const open = (id: Hash32): Row => {
    const row = rows.get(id)
    if (row === undefined) throw revert('VerdictUnknown', { verdictId: id })
    if (row.status === 'final') throw revert('VerdictClosed', { verdictId: id })
    return row
  }
  const requireParties = (accused: Address, detector: Address): void => {
    if (detector === accused) throw revert('DetectorIsAccused')
    if (stakes.operator(accused) === undefined) throw revert('NotOperator')
  }
  const requireOrder = (terms: OrderTerms, now: UnixSeconds): OrderId => {
    const id = deriveOrderId(market, terms)
    if (!options.isFunded(id)) throw revert('OrderUnknown')
    if (now > terms.refundAt + verdictWindow) throw revert('TooLate')
    return id
  }
  const requireNew = (id: Hash32): void => {
    if (rows.has(id)) throw revert('VerdictExists')
  }
  const closeBond = (row: Row, returned: boolean): void => {
    const appellant = row.appeals.at(-1)?.appellant
    if (returned && appellant !== undefined) credit.add(appellant, row.bond)
    else fund += row.bond
    row.bond = 0n
  }
  const take = (row: Row): bigint => {
    const taken = stakes.slash(row.accused, row.slash, market.disputes)
    const toDetector = portionDown(usdc(taken), basisPoints(4000))
    const toClient = portionDown(usdc(taken), basisPoints(1000))
    credit.add(row.detector, toDetector)
    credit.add(row.client, toClient)
    fund += taken - toDetector - toClient
    row.collected = row.slash
    return taken
  }
  const record = (verdict: Verdict, terms: OrderTerms, signatures: readonly Signature[], now: UnixSeconds): void => {
    if (verdict.slash === 0n) throw revert('ZeroSlash')
    if (verdict.slash > chainSlashCap(terms.maxAmount)) throw revert('SlashOverCap')
    requireParties(verdict.accused, verdict.detector)
    if (deriveOrderId(market, terms) !== verdict.orderId) throw revert('WrongOrder')
    if (terms.quorumId !== verdict.quorumId) throw revert('WrongQuorum')
    requireOrder(terms, now)
    const id = deriveVerdictId(verdict)
    requireNew(id)
    stakes.verify(verdict.quorumId, deriveVerdictDigest(market, verdict), signatures)
    const { orderId, outcome, accused, detector, slash } = verdict
    const { client } = terms
    const closesAt = now + options.appealWindow
    const fresh = {
      status: 'submitted',
      guilty: true,
      bond: 0n,
      collected: usdc(0n),
      appeals: [],
    } satisfies Partial<Row>
    const benchId = verdict.quorumId
    rows.set(id, {
      ...fresh,
      recordedAt: now,
      id,
      orderId,
      outcome,
      accused,
      detector,
      client,
      slash,
      closesAt,
      benchId,
    })
  }
  const convict = (
    about: Pick<Verdict, 'shard' | 'attempt' | 'accused'> & { readonly outcome: number; readonly reporter: Address },
    terms: OrderTerms,
    now: UnixSeconds,
  ): void => {
    const { accused, outcome, reporter: detector } = about
    requireParties(accused, detector)
    const orderId = requireOrder(terms, now)
    const id = deriveVerdictId({ ...about, orderId })
    requireNew(id)
    const { client, quorumId: benchId } = terms
    const slash = chainSlashCap(terms.maxAmount)
    const fresh = { status: 'final', guilty: true, bond: 0n, collected: usdc(0n), appeals: [] } satisfies Partial<Row>
    const row: Row = {
      ...fresh,
      recordedAt: now,
      id,
      orderId,
      outcome,
      accused,
      detector,
      client,
      slash,
      closesAt: now,
      benchId,
    }
    rows.set(id, row)
    take(row)
  }
  const requireSigned = (accused: Address, digest: Hex, signature: Signature): void => {
    if (recoverSigner(digest, signature) !== accused) throw revert('NotInvolved', { accused })
  }

  return {
    credit,
    fund: () => fund,
    bonds: () => [...rows.values()].reduce((sum, { bond }) => sum + bond, 0n),
    record: (id) => viewRow(rows.get(id)),
    faultsOf: (accused) =>
      [...rows.values()].flatMap((row) => {
        const view = viewRow(row)
        if (row.accused !== accused || view === undefined) return []
        const { outcome, status, guilty } = view
        return { verdictId: row.id, orderId: row.orderId, outcome, status, guilty, recordedAt: row.recordedAt }
      }),
    appealOf: (id, round) => rows.get(id)?.appeals[round - 1],
    submit({ verdict, terms, commit }, signatures, now) {
      if (verdict.outcome !== verdictOutcomes.providerFault) throw revert('BadOutcome')
      const { orderId, shard, attempt, accused } = verdict
      const digest = deriveCommitDigest(market, { ...commit, orderId, shard, attempt, provider: accused })
      requireSigned(accused, digest, commit.signature)
      record(verdict, terms, signatures, now)
    },
    submitValidator({ verdict, terms, provider, opening, audit }, signatures, now) {
      if (verdict.outcome !== verdictOutcomes.validatorFault) throw revert('BadOutcome')
      const { orderId, shard, attempt, accused } = verdict
      const commitment = deriveCommitment(market, { orderId, shard, attempt, provider }, opening)
      const digest = deriveAuditCommitDigest(market, { ...audit, commitment, validator: accused })
      requireSigned(accused, digest, audit.signature)
      record(verdict, terms, signatures, now)
    },
    finalize(verdict, now) {
      const row = open(deriveVerdictId(verdict))
      if (now < row.closesAt) throw revert('TooEarly', { opensAt: row.closesAt })
      if (row.status === 'appealed') closeBond(row, true)
      row.status = 'final'
      return row.guilty ? take(row) : 0n
    },
    appeal(verdict, by, now) {
      const row = open(deriveVerdictId(verdict))
      if (row.status === 'appealed') throw revert('AppealUnderWay')
      const benchId = stakes.appealQuorumOf(row.benchId)
      const bench = benchId && stakes.quorum(benchId)
      if (bench === undefined || row.appeals.length >= maxAppeals) throw revert('NoAppeal')
      if (now >= row.closesAt) throw revert('TooLate', { closedAt: row.closesAt })
      const bond = appealBond(row.slash, row.appeals.length)
      token.transfer(by, market.disputes, bond)
      const seats = bench.members
        .toSorted()
        .map((validator) => ({ validator, stake: stakes.operator(validator)?.stake ?? usdc(0n) }))
      row.status = 'appealed'
      row.bond = bond
      row.benchId = bench.id
      row.closesAt = now + options.appealWindow
      row.appeals.push({ appellant: by, bench, seats, ruleBy: unixSeconds(row.closesAt) })
    },
    rule(ruling, signatures, now) {
      const row = open(ruling.verdictId)
      if (row.status !== 'appealed') throw revert('NotAppealed')
      if (now >= row.closesAt) throw revert('TooLate', { closedAt: row.closesAt })
      stakes.verify(row.benchId, deriveRulingDigest(market, { ...ruling, round: row.appeals.length }), signatures)
      closeBond(row, ruling.guilty !== row.guilty)
      const last = row.appeals.length >= maxAppeals || stakes.appealQuorumOf(row.benchId) === undefined
      row.status = 'submitted'
      row.guilty = ruling.guilty
      row.closesAt = now + (last ? 0 : options.appealWindow)
    },
    proveEquivocation({ terms, first, second, reporter }, now) {
      const { shard, attempt, provider: accused } = first
      const orderId = deriveOrderId(market, terms)
      if (first.commitment === second.commitment) throw revert('NoConflict')
      for (const commit of [first, second])
        requireSigned(
          accused,
          deriveCommitDigest(market, { ...commit, orderId, shard, attempt, provider: accused }),
          commit.signature,
        )
      convict({ shard, attempt, accused, outcome: verdictOutcomes.equivocation, reporter }, terms, now)
    },
    proveConflictingAudits({ terms, commit, opening, first, second, reporter }, now) {
      if (first.auditCommitment === second.auditCommitment || first.round !== second.round) throw revert('NoConflict')
      const { shard, attempt, provider } = commit
      const orderId = deriveOrderId(market, terms)
      const commitment = deriveCommitment(market, { orderId, shard, attempt, provider }, opening)
      const accused = first.validator
      for (const audit of [first, second])
        requireSigned(
          accused,
          deriveAuditCommitDigest(market, { ...audit, commitment, validator: accused }),
          audit.signature,
        )
      convict({ shard, attempt, accused, outcome: verdictOutcomes.conflictingAudits, reporter }, terms, now)
    },
    proveConflictingBatches({ terms, validator, first, second, reporter }, now) {
      const orderId = deriveOrderId(market, terms)
      const charged = [first, second].map((batch) => {
        const found = batch.orders.find((order) => order.orderId === orderId)
        if (found === undefined) throw revert('WrongOrder')
        requireSigned(validator, options.batchDigest(batch), batch.signatures[0]!)
        return found.charged
      })
      const isSole = [first, second].every(({ orders }) => orders.length === 1)
      if (options.batchDigest(first) === options.batchDigest(second)) throw revert('NoConflict')
      if (charged[0] === charged[1] && !isSole) throw revert('NoConflict')
      const outcome = verdictOutcomes.conflictingBatches
      convict({ shard: 0, attempt: 0, accused: validator, outcome, reporter }, terms, now)
    },
  }
}

function viewRow(row: Row | undefined): ChainVerdict | undefined {
  if (row === undefined) return undefined
  const { outcome, accused, guilty, slash, collected, benchId, closesAt, appeals } = row
  const status = row.status !== 'final' ? row.status : guilty ? 'slashed' : 'overturned'
  const round = appeals.length
  return { status, outcome, accused, guilty, round, closesAt: unixSeconds(closesAt), slash, collected, benchId }
}
