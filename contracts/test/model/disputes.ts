/** Verdicts, their appeals, and how a slash is carried out, as `IDisputes` describes them. */
import type { Hex } from 'viem'

import { type Fault, type Verdict, orderIdOf, rulingDigest, verdictDigest, verdictIdOf } from './digests.ts'
import {
  type Done,
  type Market,
  type OrderTerms,
  type VerdictRecord,
  ZERO_ADDRESS,
  add,
  put,
  withDisputes,
} from './market.ts'
import { quorumOf, requireSigned } from './quorums.ts'
import { revert } from './revert.ts'
import { RULES } from './rules.ts'
import { held, released, slashed } from './stakes.ts'
import { tabOf } from './tabs.ts'
import { paid, pulled } from './token.ts'

// ── Verdicts ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Records a quorum's verdict; that the accused signed work for this order was shown before. */
export function recordVerdict(market: Market, verdict: Verdict, terms: OrderTerms, signatures: Hex): Done {
  const { orderId, accused, detector, slash, quorumId, outcome } = verdict
  const cap = slashCapOf(terms.maxAmount)
  if (slash === 0n) throw revert('disputes', 'ZeroSlash')
  if (slash > cap) throw revert('disputes', 'SlashOverCap', slash, cap)
  requireParties(market, accused, detector)
  const id = orderIdOf(market.setting, terms)
  if (id !== orderId) throw revert('disputes', 'WrongOrder', id, orderId)
  if (quorumId !== terms.quorumId) throw revert('disputes', 'WrongQuorum', quorumId, terms.quorumId)
  requireOrder(market, id, terms)
  const verdictId = requireFresh(market, verdict)
  requireSigned(market, quorumId, verdictDigest(market.setting, verdict), signatures)
  const record: VerdictRecord = {
    status: 'pending',
    outcome,
    guilty: true,
    round: 0,
    closesAt: market.now + market.setting.appealWindow,
    slash,
    collected: 0n,
    quorumId,
    accused,
    bond: 0n,
    benchId: quorumId,
    detector,
    client: terms.client,
    appellant: ZERO_ADDRESS,
  }
  return { market: held(withRecord(market, verdictId, record), accused, slash), answer: verdictId }
}

/** Carries out what stands; if the day's cap leaves only part of the slash, that part. */
export function finalizeVerdict(market: Market, verdictId: Hex): Done {
  const found = openVerdict(market, verdictId)
  if (market.now < found.closesAt) throw revert('disputes', 'TooEarly', found.closesAt)
  // A bench that did not rule in time: what stood stands, and the bond goes back.
  const bondFree = found.status === 'appealed' ? withBondClosed(market, found, true) : market
  const record: VerdictRecord = { ...found, status: 'pending', bond: found.status === 'appealed' ? 0n : found.bond }
  if (!record.guilty) return { market: withEnd(bondFree, verdictId, record), answer: 0n }

  const left = leftTodayOf(market, record.quorumId)
  const today = dayOf(market.now)
  if (left === 0n) {
    throw revert('disputes', 'DailyLimitReached', record.quorumId, (today + 1) * RULES.day)
  }
  const due = record.slash - record.collected
  const asked = due < left ? due : left
  const collected = { ...record, collected: record.collected + asked }
  const slash = withSlash(bondFree, collected, asked)
  const taken = market.setting.dailySlashCap - left + slash.taken
  const days = put(slash.market.disputes.days, record.quorumId, { number: today, taken })
  const after = withDisputes(slash.market, { days })
  const over = asked === due || slash.taken < asked
  return {
    market: over ? withEnd(after, verdictId, collected) : withRecord(after, verdictId, collected),
    answer: slash.taken,
  }
}

// ── Appeals ───────────────────────────────────────────────────────────────────────────────────────────────────────────

export function appeal(market: Market, caller: Hex, verdictId: Hex): Done {
  const record = openVerdict(market, verdictId)
  if (record.status === 'appealed') throw revert('disputes', 'AppealUnderWay', verdictId)
  const { round, slash } = record
  const benchId = record.benchId === 0 ? 0 : quorumOf(market, record.benchId).appealId
  if (benchId === 0 || round >= RULES.maxAppeals) throw revert('disputes', 'NoAppeal', verdictId, round)
  if (market.now >= record.closesAt) throw revert('disputes', 'TooLate', record.closesAt)
  const bond = bondOf(slash, round)
  const closesAt = market.now + market.setting.rulingWindow
  const appealed: VerdictRecord = {
    ...record,
    status: 'appealed',
    round: round + 1,
    closesAt,
    bond,
    benchId,
    appellant: caller,
  }
  const payment = { from: caller, to: market.setting.disputes, amount: bond }
  return { market: pulled(withRecord(market, verdictId, appealed), payment) }
}

export function submitRuling(
  market: Market,
  verdictId: Hex,
  { guilty, evidence }: { guilty: boolean; evidence: Hex },
  signatures: Hex,
): Done {
  const record = openVerdict(market, verdictId)
  if (record.status !== 'appealed') throw revert('disputes', 'NotAppealed', verdictId)
  if (market.now >= record.closesAt) throw revert('disputes', 'TooLate', record.closesAt)
  const { round, benchId } = record
  requireSigned(market, benchId, rulingDigest(market.setting, { verdictId, round, guilty, evidence }), signatures)
  const closed = withBondClosed(market, record, guilty !== record.guilty)
  const last = round >= RULES.maxAppeals || quorumOf(market, benchId).appealId === 0
  const closesAt = market.now + (last ? 0 : market.setting.appealWindow)
  return { market: withRecord(closed, verdictId, { ...record, status: 'pending', guilty, closesAt, bond: 0n }) }
}

export function withdrawShare(market: Market, caller: Hex, to: Hex): Done {
  const amount = market.disputes.credit.get(caller) ?? 0n
  if (amount === 0n) throw revert('disputes', 'NothingToWithdraw')
  const cleared = withDisputes(market, { credit: put(market.disputes.credit, caller, 0n) })
  return { market: paid(cleared, { from: market.setting.disputes, to, amount }), answer: amount }
}

// ── What verdicts and proofs share ────────────────────────────────────────────────────────────────────────────────────

export function slashCapOf(maxAmount: bigint): bigint {
  const cap = maxAmount * RULES.slashMultiple
  return cap < RULES.maxUint64 ? cap : RULES.maxUint64
}

/** Rounded up, and doubled for each appeal before. */
function bondOf(slash: bigint, round: number): bigint {
  const bond = (slash * 2n ** BigInt(round) * RULES.appealBondBps + RULES.bps - 1n) / RULES.bps
  return bond < RULES.maxUint64 ? bond : RULES.maxUint64
}

export function leftTodayOf(market: Market, quorumId: number): bigint {
  const { dailySlashCap } = market.setting
  const day = market.disputes.days.get(quorumId)
  return day?.number === dayOf(market.now) ? dailySlashCap - day.taken : dailySlashCap
}

export function requireParties(market: Market, accused: Hex, detector: Hex): void {
  if (detector === ZERO_ADDRESS) throw revert('disputes', 'ZeroDetector')
  if (detector === accused) throw revert('disputes', 'DetectorIsAccused', accused)
  if (!market.stakes.operators.has(accused)) throw revert('disputes', 'NotOperator', accused)
}

/** The order was once funded, or its client once had a tab with its aggregator, and the case is not brought too late. */
export function requireOrder(market: Market, id: Hex, terms: OrderTerms): void {
  const tab = tabOf(market, terms.client, terms.aggregator)
  const everPaid = market.escrow.orders.has(id) || tab.deposited > 0n || tab.generation > 0
  if (!everPaid) throw revert('disputes', 'OrderUnknown', id)
  const closedAt = terms.refundAt + RULES.verdictWindow
  if (market.now > closedAt) throw revert('disputes', 'TooLate', closedAt)
}

/** One fault of one attempt is judged once. */
export function requireFresh(market: Market, fault: Fault): Hex {
  const verdictId = verdictIdOf(fault)
  if (market.disputes.verdicts.has(verdictId)) throw revert('disputes', 'VerdictExists', verdictId)
  return verdictId
}

/** Takes stake and shares it out: detector, client, and the rest with all dust to the fund. */
export function withSlash(
  market: Market,
  { accused, detector, client }: Pick<VerdictRecord, 'accused' | 'detector' | 'client'>,
  asked: bigint,
): { readonly market: Market; readonly taken: bigint } {
  const { market: after, taken } = slashed(market, accused, asked)
  const toDetector = (taken * RULES.detectorBps) / RULES.bps
  const toClient = (taken * RULES.clientBps) / RULES.bps
  const { credit, fund } = after.disputes
  const shares = {
    credit: add(add(credit, detector, toDetector), client, toClient),
    fund: fund + taken - toDetector - toClient,
  }
  return { market: withDisputes(after, shares), taken }
}

export function withRecord(market: Market, verdictId: Hex, record: VerdictRecord): Market {
  return withDisputes(market, { verdicts: put(market.disputes.verdicts, verdictId, record) })
}

function withEnd(market: Market, verdictId: Hex, record: VerdictRecord): Market {
  const ended = withRecord(market, verdictId, { ...record, status: 'final' })
  return released(ended, record.accused, record.slash, record.guilty)
}

/** The bond goes back if the ruling turned what stood or did not come; otherwise to the fund. */
function withBondClosed(market: Market, { bond, appellant }: VerdictRecord, returned: boolean): Market {
  const { credit, fund } = market.disputes
  return withDisputes(market, returned ? { credit: add(credit, appellant, bond) } : { fund: fund + bond })
}

function openVerdict(market: Market, verdictId: Hex): VerdictRecord {
  const record = market.disputes.verdicts.get(verdictId)
  if (record === undefined) throw revert('disputes', 'VerdictUnknown', verdictId)
  if (record.status === 'final') throw revert('disputes', 'VerdictClosed', verdictId)
  return record
}

const dayOf = (now: number): number => Math.floor(now / RULES.day)
