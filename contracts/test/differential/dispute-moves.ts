/** Accuses operators: verdicts of a quorum, appeals, rulings, and proofs by an operator's own signatures. */
import type { Hex } from 'viem'

import {
  deriveAuditCommitDigest,
  deriveCommitDigest,
  deriveCommitment,
  deriveRulingDigest,
  deriveVerdictDigest,
} from '../../../packages/protocol/src/index.ts'
import {
  type Fault,
  type Place,
  type Verdict,
  auditCommitDigest,
  commitDigest,
  commitmentOf,
  rulingDigest,
  verdictDigest,
} from '../model/digests.ts'
import { slashCapOf } from '../model/disputes.ts'
import { type OrderTerms, type VerdictRecord, ZERO_ADDRESS } from '../model/market.ts'
import type { AuditProof, CommitProof } from '../model/proofs.ts'
import { RULES } from '../model/rules.ts'
import { tabOf } from '../model/tabs.ts'
import { CAST } from './cast.ts'
import {
  type Draft,
  MAX_UINT64,
  type Move,
  type Plan,
  type Scene,
  USDC,
  amountUpTo,
  around,
  mostly,
  orderOf,
  pickFrom,
  quorumSigns,
  randomHash,
  signFor,
  somebody,
  tied,
} from './scene.ts'

const domainOf = ({ market }: Scene) => ({ chainId: market.setting.chainId, escrow: market.setting.escrow }) as never

/** Orders about which a case can be brought; seldom one that was never paid for. */
export function judgedDraft(scene: Scene): Draft | undefined {
  const { rng, market } = scene
  const inTime = scene.drafts.filter(({ terms }) => market.now <= terms.refundAt + RULES.verdictWindow)
  const paid = inTime.filter((draft) => {
    const tab = tabOf(market, draft.terms.client, draft.terms.aggregator)
    return orderOf(scene, draft) !== undefined || tab.deposited > 0n || tab.generation > 0
  })
  return rng.chance(0.05) ? pickFrom(rng, scene.drafts) : pickFrom(rng, paid)
}

// ── What the accused signed ───────────────────────────────────────────────────────────────────────────────────────────

export function commitBy(scene: Scene, place: Place, opening: { resultRoot: Hex; salt: Hex }): CommitProof {
  const { rng, market } = scene
  const commitment = tied(scene, commitmentOf(market.setting, place, opening), () =>
    deriveCommitment(domainOf(scene), place as never, opening as never),
  )
  const sealedHash = randomHash(rng)
  const digest = tied(scene, commitDigest(market.setting, place, commitment, sealedHash), () =>
    deriveCommitDigest(domainOf(scene), { ...place, commitment, sealedHash } as never),
  )
  return { commitment, sealedHash, signature: signFor(scene, place.provider, digest) }
}

export function auditBy(
  scene: Scene,
  { accused: validator, ...fault }: Fault,
  work: { provider: Hex; resultRoot: Hex; salt: Hex; round: number },
): AuditProof {
  const { rng, market } = scene
  const { provider, round } = work
  const commitment = commitmentOf(market.setting, { ...fault, provider }, work)
  const auditCommitment = randomHash(rng)
  const audit = { commitment, round, validator, auditCommitment }
  const digest = tied(scene, auditCommitDigest(market.setting, audit), () =>
    deriveAuditCommitDigest(domainOf(scene), audit as never),
  )
  return { ...work, auditCommitment, signature: signFor(scene, validator, digest) }
}

/** Somebody's work, to be audited. */
export const someWork = ({ rng }: Scene) => ({
  provider: rng.pick(CAST.providers).address,
  resultRoot: randomHash(rng),
  salt: randomHash(rng),
  round: rng.below(4),
})

/** Few shards and attempts, so that the same one is judged again. */
export const somePlace = ({ rng }: Scene) => ({ shard: rng.below(3), attempt: rng.below(2) })

export function someAccused(scene: Scene, outcome: number): Hex {
  const { rng } = scene
  const workers = outcome === 1 || outcome === 3 ? CAST.providers : CAST.validators
  return mostly(rng, rng.pick(workers).address, rng.pick(CAST.newcomers).address)
}

/** Whoever is paid for the case; seldom nobody, or the accused. */
export const someDetector = (scene: Scene, accused: Hex): Hex =>
  mostly(scene.rng, scene.rng.pick([CAST.detector, ...CAST.clients]).address, ZERO_ADDRESS, accused)

// ── Verdicts ──────────────────────────────────────────────────────────────────────────────────────────────────────────

function verdictOn(scene: Scene, { id, terms }: Draft, outcome: 1 | 2): Verdict {
  const { rng } = scene
  const accused = someAccused(scene, outcome)
  const cap = slashCapOf(terms.maxAmount)
  const usual = rng.chance(0.95) && cap > 120n * USDC ? 120n * USDC : cap
  const slash = mostly(rng, amountUpTo(rng, usual), 0n, cap < MAX_UINT64 ? cap + 1n : cap)
  return {
    orderId: mostly(rng, id, randomHash(rng)),
    ...somePlace(scene),
    accused,
    outcome: mostly(rng, outcome, 0, 3 - outcome, 3, 5),
    slash,
    detector: someDetector(scene, accused),
    quorumId: mostly(rng, terms.quorumId, terms.quorumId + 1),
    evidence: randomHash(rng),
  }
}

function signedVerdict(scene: Scene, verdict: Verdict): Hex {
  const digest = tied(scene, verdictDigest(scene.market.setting, verdict), () =>
    deriveVerdictDigest(domainOf(scene), verdict as never),
  )
  return quorumSigns(scene, verdict.quorumId, digest)
}

/** Orders that only their clients settle have no quorum to judge them. */
function quorumDraft(scene: Scene): Draft | undefined {
  const judged = judgedDraft(scene)
  return judged?.terms.quorumId === 0 && !scene.rng.chance(0.05) ? undefined : judged
}

const submitVerdict: Move = (scene) => {
  const { rng } = scene
  const judged = quorumDraft(scene)
  if (judged === undefined) return undefined
  const verdict = verdictOn(scene, judged, 1)
  const proof = commitBy(scene, { ...verdict, provider: verdict.accused }, someWork(scene))
  const at = rng.chance(0.06) ? around(scene, judged.terms.refundAt + RULES.verdictWindow) : undefined
  const args: [Verdict, OrderTerms, CommitProof, Hex] = [verdict, judged.terms, proof, signedVerdict(scene, verdict)]
  return { caller: somebody(scene), call: 'disputes.submitVerdict', args, at }
}

const submitValidatorVerdict: Move = (scene) => {
  const judged = quorumDraft(scene)
  if (judged === undefined) return undefined
  const verdict = verdictOn(scene, judged, 2)
  const proof = auditBy(scene, verdict, someWork(scene))
  const args: [Verdict, OrderTerms, AuditProof, Hex] = [verdict, judged.terms, proof, signedVerdict(scene, verdict)]
  return { caller: somebody(scene), call: 'disputes.submitValidatorVerdict', args }
}

/** Verdicts as asked; seldom any, or one that does not exist. */
function someVerdict(
  scene: Scene,
  asked: (verdict: VerdictRecord) => boolean,
): [Hex, VerdictRecord | undefined] | undefined {
  const { rng, market } = scene
  const verdicts = [...market.disputes.verdicts]
  if (verdicts.length > 0 && rng.chance(0.02)) return [randomHash(rng), undefined]
  if (rng.chance(0.05)) return pickFrom(rng, verdicts)
  return pickFrom(
    rng,
    verdicts.filter(([, verdict]) => asked(verdict)),
  )
}

const appeal: Move = (scene) => {
  const { rng, market } = scene
  const standing = ({ status, closesAt, benchId }: VerdictRecord) =>
    status === 'pending' && market.now < closesAt && (market.quorums[benchId - 1]?.appealId ?? 0) > 0
  const [verdictId, verdict] = someVerdict(scene, standing) ?? []
  if (verdictId === undefined) return undefined
  const at = verdict !== undefined && rng.chance(0.1) ? around(scene, verdict.closesAt) : undefined
  const caller = rng.pick([CAST.stranger, ...CAST.providers, ...CAST.clients]).address
  return { caller, call: 'disputes.appeal', args: [verdictId], at }
}

const submitRuling: Move = (scene) => {
  const { rng, market } = scene
  const waiting = ({ status, closesAt }: VerdictRecord) => status === 'appealed' && market.now < closesAt
  const [verdictId, verdict] = someVerdict(scene, waiting) ?? []
  if (verdictId === undefined) return undefined
  const { round = 1, benchId = 1, closesAt = market.now } = verdict ?? {}
  const ruling = { verdictId, round: mostly(rng, round, 1, 2, 3), guilty: rng.chance(0.5), evidence: randomHash(rng) }
  const digest = rulingDigest(market.setting, ruling)
  tied(scene, digest, () => deriveRulingDigest(domainOf(scene), ruling as never))
  const { guilty, evidence } = ruling
  const said = mostly(rng, guilty, !guilty)
  const at = rng.chance(0.1) ? around(scene, closesAt) : undefined
  const signatures = quorumSigns(scene, benchId, digest)
  return { caller: somebody(scene), call: 'disputes.submitRuling', args: [verdictId, said, evidence, signatures], at }
}

const finalizeVerdict: Move = (scene) => {
  const { rng, market } = scene
  const [verdictId, verdict] = someVerdict(scene, ({ status }) => status !== 'final') ?? []
  if (verdictId === undefined) return undefined
  const due = verdict?.closesAt ?? market.now
  const tomorrow = (Math.floor(market.now / RULES.day) + 1) * RULES.day
  const at = market.now >= due && rng.chance(0.3) ? around(scene, tomorrow) : around(scene, due)
  return { caller: somebody(scene), call: 'disputes.finalizeVerdict', args: [verdictId], at }
}

export const VERDICT_MOVES: Readonly<Record<string, (scene: Scene) => Plan | undefined>> = {
  submitVerdict,
  submitValidatorVerdict,
  appeal,
  submitRuling,
  finalizeVerdict,
}
