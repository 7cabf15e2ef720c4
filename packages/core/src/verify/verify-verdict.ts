import {
  deriveBeaconId,
  deriveAppealHash,
  deriveBundleId,
  deriveEvidenceHash,
  deriveOrderId,
  deriveRulingDigest,
  deriveVerdictDigest,
  deriveVerdictId,
  isSampled,
  maxUsdc,
  MarketError,
  recoverSigner,
  usdc,
  verdictOutcomes,
  type Address,
  type Appeal,
  type BeaconInfo,
  type EpochLeaf,
  type EpochProposal,
  type Hash32,
  type Hex,
  type MarketDomain,
  type QuorumMembers,
  type Signature,
  type SignedRuling,
  type UsdcBase,
  type Verdict,
  type VerdictBundle,
} from '@assay/protocol'
import { checkEpoch } from './check-epoch.ts'
import { checkSeed } from './check-seed.ts'
import type { Fault, FaultDetails } from './fault.ts'
import { judgeAppeal, type JudgedAppeal } from './judge-appeal.ts'
import { judgeAudit, type AuditCase, type JudgedAudit } from './judge-audit.ts'
import { checkQuorum, checkTerms } from './judge-evidence.ts'
import { isConviction } from './shard-judgement.ts'
import { slashAmount } from './slash-amount.ts'
import { appealFaults, validatorFaults, type ValidatorFault, type ValidatorOffence } from './validator-fault.ts'
import { chainSlashCap, validatorSlash } from './validator-slash.ts'

/** What is checked, in this order. */
export const verdictChecks = [
  'anchors',
  'terms',
  'quorum',
  'epoch',
  'seed',
  'commit',
  'sampling',
  'audit',
  'evidence',
  'decision',
  'detector',
  'slash',
  'signatures',
  'appeals',
] as const
export type VerdictCheckName = (typeof verdictChecks)[number]

/** What the reader knows from a source that it trusts. Without anchors a bundle is consistent, but anyone could be its quorum. */
export interface VerdictAnchors {
  readonly market?: MarketDomain
  readonly quorum?: QuorumMembers
  readonly beacon?: BeaconInfo
  /** Quorums of appeal as the chain has them, the first appeal's first. */
  readonly benches?: readonly QuorumMembers[]
  /** The accused when the verdict was signed: with it the slash is checked as an amount, without it as a bound. */
  readonly accused?: { readonly stakeUsdc: UsdcBase; readonly priorFaults: number }
}
export interface VerdictCheck {
  readonly name: VerdictCheckName
  /** `skipped`: an earlier check failed, or there is nothing to check. */
  readonly status: 'passed' | 'failed' | 'skipped'
  /** Numbers and ids; with a failure its `fault` or `reason`. */
  readonly details: FaultDetails
}
export interface VerdictReport {
  readonly ok: boolean
  /** Name of the bundle: SHA-256 of its canonical bytes. */
  readonly bundleId: Hash32
  /** Name of the fault on chain. */
  readonly verdictId: Hash32
  readonly checks: readonly VerdictCheck[]
  /** What stands after the last ruling in the bundle; absent when it does not hold. */
  readonly stands: 'guilty' | 'innocent' | undefined
}

/**
 * Judges a verdict again from its bundle alone: the epoch and its seed, why the commit was audited, who was entitled to sit,
 * every signature and opening, what follows from the results, what it costs, and who signed. Then its appeals. What the chain
 * made of it takes a chain.
 */
export function verifyVerdict(bundle: VerdictBundle, anchors: VerdictAnchors = {}): VerdictReport {
  const file: Open = { bundle, anchors }
  const checks: VerdictCheck[] = []
  for (const [name, check] of steps) {
    const failed = checks.some(({ status }) => status === 'failed')
    checks.push(failed ? { name, status: 'skipped', details: {} } : { name, ...check(file) })
  }
  const ok = checks.every(({ status }) => status !== 'failed')
  const last = bundle.appeals.findLast(({ ruling }) => ruling !== undefined)?.ruling
  return {
    ok,
    bundleId: deriveBundleId(bundle),
    verdictId: deriveVerdictId(bundle.verdict),
    checks,
    stands: ok ? ((last?.guilty ?? true) ? 'guilty' : 'innocent') : undefined,
  }
}

/** Throws `verdict-invalid`, naming the first check that failed. */
export function assertVerdict(bundle: VerdictBundle, anchors: VerdictAnchors = {}): VerdictReport {
  const report = verifyVerdict(bundle, anchors)
  const failed = report.checks.find(({ status }) => status === 'failed')
  if (failed === undefined) return report
  throw new MarketError('verdict-invalid', `the verdict fails its check of ${failed.name}`, {
    details: { ...failed.details, check: failed.name },
  })
}

/** A bundle as far as it has been judged. */
interface Open {
  readonly bundle: VerdictBundle
  readonly anchors: VerdictAnchors
  proposal?: EpochProposal
  randomness?: Hash32
  leaf?: EpochLeaf
  judged?: JudgedAudit
  offence?: ValidatorOffence
  detector?: Address
}
type Outcome = Omit<VerdictCheck, 'name'>

const passed = (details: FaultDetails = {}): Outcome => ({ status: 'passed', details })
const failed = (reason: string, details: FaultDetails = {}): Outcome => ({
  status: 'failed',
  details: { ...details, reason },
})
const faulty = ({ fault, details }: Fault): Outcome => ({ status: 'failed', details: { ...details, fault } })

const steps: readonly (readonly [VerdictCheckName, (file: Open) => Outcome])[] = [
  ['anchors', checkAnchors],
  ['terms', checkOrder],
  ['quorum', checkMembers],
  ['epoch', openEpoch],
  ['seed', openSeed],
  ['commit', findCommit],
  ['sampling', checkReason],
  ['audit', openAudit],
  ['evidence', checkEvidence],
  ['decision', checkDecision],
  ['detector', checkDetector],
  ['slash', checkSlash],
  ['signatures', checkSignatures],
  ['appeals', checkAppeals],
]

function checkAnchors({ bundle, anchors }: Open): Outcome {
  const { market, quorum, beacon, benches } = anchors
  if (market && (market.chainId !== bundle.market.chainId || market.escrow !== bundle.market.escrow))
    return failed('market')
  if (quorum && !isSameQuorum(quorum, bundle.quorum)) return failed('quorum')
  if (beacon && deriveBeaconId(beacon) !== deriveBeaconId(bundle.beacon)) return failed('beacon')
  const appeals = bundle.overturned?.appeals ?? bundle.appeals
  const strange = appeals.find(({ bench }, i) => benches && !isSameQuorum(benches[i], bench))
  if (strange !== undefined) return failed('bench', { appeal: strange.round })
  const given = [market, quorum, beacon, benches, anchors.accused].filter((anchor) => anchor !== undefined).length
  return { status: given === 0 ? 'skipped' : 'passed', details: { given } }
}

const isSameQuorum = (a: QuorumMembers | undefined, b: QuorumMembers): boolean =>
  a?.id === b.id && a.threshold === b.threshold && a.members.toSorted().join() === b.members.toSorted().join()

function checkOrder({ bundle }: Open): Outcome {
  const { market, terms, verdict } = bundle
  const bad = checkTerms(bundle)
  if (bad !== undefined) return faulty(bad)
  const orderId = deriveOrderId(market, terms)
  if (orderId !== verdict.orderId) return failed('order', { orderId, verdict: verdict.orderId })
  return verdict.quorumId === terms.quorumId ? passed({ orderId }) : failed('quorum', { quorumId: verdict.quorumId })
}

function checkMembers({ bundle }: Open): Outcome {
  const bad = checkQuorum(bundle)
  const { id, members, threshold } = bundle.quorum
  return bad === undefined ? passed({ quorumId: id, members: members.length, threshold }) : faulty(bad)
}

function openEpoch(file: Open): Outcome {
  const { epoch, terms, quorum } = file.bundle
  const checked = checkEpoch(epoch, file.bundle)
  if (!checked.ok) return faulty(checked)
  const acks = checked.acknowledgedBy.length
  if (!checked.acknowledged) return failed('acks-insufficient', { acks, threshold: quorum.threshold })
  const { aggregator } = checked.proposal
  if (aggregator !== terms.aggregator) return failed('aggregator-mismatch', { aggregator })
  file.proposal = checked.proposal
  return passed({ proposal: checked.digest, leaves: epoch.leaves.length, acks })
}

function openSeed(file: Open): Outcome {
  const { beacon, epoch } = file.bundle
  const seed = checkSeed(file.proposal!, beacon, epoch.beacon)
  if (!seed.ok) return faulty(seed)
  file.randomness = seed.randomness
  return passed({ round: epoch.beacon.round })
}

/** The commit that was audited is of the attempt that the verdict names. */
function findCommit(file: Open): Outcome {
  const { epoch, audit, spec, verdict } = file.bundle
  const leaf = epoch.leaves.find(({ commit }) => commit.commitment === audit.commitment)
  if (leaf === undefined) return failed('commit-unknown', { commitment: audit.commitment })
  const { orderId, shard, attempt, provider } = leaf.commit
  if (orderId !== verdict.orderId || shard !== verdict.shard || attempt !== verdict.attempt)
    return failed('attempt', { orderId, shard, attempt })
  if (shard >= spec.shards.length) return failed('shard-unknown', { shard })
  file.leaf = leaf
  return passed({ shard, attempt, provider, commitment: audit.commitment })
}

function checkReason({ bundle, randomness, proposal, leaf }: Open): Outcome {
  const { commitment, reason } = bundle.audit
  const sampled = isSampled({ randomness: randomness!, root: proposal!.root, commitment }, leaf!.ratePpm)
  if (sampled !== (reason === 'sampled')) return failed('reason-mismatch', { asked: reason, sampled })
  return passed({ reason, ratePpm: leaf!.ratePpm })
}

function caseOf({ bundle, proposal, leaf }: Open): AuditCase {
  const { market, terms, spec, audit, epoch } = bundle
  const { determinism } = spec
  return { market, terms, determinism, audit, proposal: proposal!, beacon: epoch.beacon, commit: leaf!.commit }
}

function openAudit(file: Open): Outcome {
  const judged = judgeAudit(caseOf(file))
  if (!judged.ok) return faulty(judged)
  file.judged = judged
  const { rounds, opening } = file.bundle.audit
  return passed({ rounds: rounds.length, results: judged.paid.length, opened: opening !== undefined })
}

function checkEvidence({ bundle }: Open): Outcome {
  const { audit, overturned, verdict } = bundle
  const last = overturned?.appeals.at(-1)
  const evidence = last === undefined ? deriveEvidenceHash(audit) : deriveAppealHash(audit, last)
  return evidence === verdict.evidence ? passed({ evidence }) : failed('evidence', { evidence })
}

/** That the results convict the accused of what the verdict says. */
function checkDecision(file: Open): Outcome {
  const { verdict, audit } = file.bundle
  const { verdict: decided, detector } = file.judged!
  if (verdict.outcome === verdictOutcomes.providerFault) {
    if (verdict.accused !== file.leaf!.commit.provider) return failed('accused', { accused: verdict.accused })
    if (decided === 'pending' || decided === 'panel-needed' || !isConviction(decided))
      return failed('no-conviction', { verdict: decided })
    if (detector !== undefined) file.detector = detector
    return passed({ verdict: decided })
  }
  const faults = overturnedFaults(file) ?? validatorFaults(file.judged!, audit)
  if ('status' in faults) return faults
  const found = faults.find(({ validator }) => validator === verdict.accused)
  if (found === undefined) return failed('no-conviction', { verdict: decided, accused: verdict.accused })
  file.offence = found.offence
  file.detector = found.detector
  return passed({ verdict: decided, offence: found.offence })
}

function checkDetector({ bundle, detector }: Open): Outcome {
  const found = detector ?? 'none'
  return bundle.verdict.detector === detector ? passed({ detector: found }) : failed('detector', { detector: found })
}

/** With the stake of the accused the amount, else what it can be at most. */
function checkSlash({ bundle, anchors, leaf, offence }: Open): Outcome {
  const { spec, terms, verdict } = bundle
  const { slash } = verdict
  const { stakeUsdc = maxUsdc, priorFaults = Number.MAX_SAFE_INTEGER } = anchors.accused ?? {}
  const { maxAmount } = terms
  const { priceUsdc, auditFeeUsdc, determinism } = spec
  const due =
    offence === undefined
      ? slashAmount({ priceUsdc, stakeUsdc, ratePpm: leaf!.ratePpm, determinism })
      : validatorSlash({ offence, priorFaults, stakeUsdc, auditFeeUsdc, maxAmount })
  const most = due < chainSlashCap(maxAmount) ? due : chainSlashCap(maxAmount)
  const least = anchors.accused === undefined ? usdc(1n) : most
  const details = { slash: `${slash}`, least: `${least}`, most: `${most}` }
  return slash >= least && slash <= most ? passed(details) : failed('slash', details)
}

function checkSignatures({ bundle }: Open): Outcome {
  return checkSigners(deriveVerdictDigest(bundle.market, bundle.verdict), bundle.signatures, bundle.quorum)
}

function checkSigners(digest: Hex, signatures: readonly Signature[], quorum: QuorumMembers): Outcome {
  const signers = new Set<Address>()
  for (const signature of signatures) {
    const signer = recoverSigner(digest, signature)
    if (signer === undefined || !quorum.members.includes(signer) || signers.has(signer))
      return failed('signer', { signer: signer ?? 'none', signatures: signers.size })
    signers.add(signer)
  }
  const details = { signatures: signers.size, threshold: quorum.threshold }
  return signers.size >= quorum.threshold ? passed(details) : failed('too-few', details)
}

function checkAppeals(file: Open): Outcome {
  const { verdict, appeals } = file.bundle
  if (appeals.length === 0) return { status: 'skipped', details: {} }
  const heard = hearAppeals(file, verdict, appeals)
  if ('status' in heard) return heard
  const rulings = appeals.flatMap(({ ruling }) => (ruling === undefined ? [] : ruling.guilty ? 'guilty' : 'innocent'))
  return passed({ appeals: appeals.length, rulings: rulings.join(' ') })
}

/** Validators that the appeals of an overturned verdict convict; `undefined` when the accused was convicted by the audit. */
function overturnedFaults(file: Open): readonly ValidatorFault[] | Outcome | undefined {
  const { overturned } = file.bundle
  if (overturned === undefined) return undefined
  const { appeals, ...verdict } = overturned
  const heard = hearAppeals(file, verdict, appeals)
  if ('status' in heard) return heard
  if (heard.ruling !== 'innocent' || appeals.at(-1)?.ruling === undefined) return failed('not-overturned')
  return appealFaults(heard)
}

/** Each appeal on its own, after those before it, and its ruling. Only the last may still wait for one. Gives the last. */
function hearAppeals(
  file: Open,
  verdict: Pick<Verdict, 'accused' | 'outcome'>,
  appeals: readonly Appeal[],
): JudgedAppeal | Outcome {
  let last: JudgedAppeal | Outcome = failed('no-appeal')
  for (const [i, appeal] of appeals.entries()) {
    const judged = judgeAppeal({ ...caseOf(file), verdict, before: appeals.slice(0, i), appeal })
    if (!judged.ok) return faulty(judged)
    if (appeal.ruling === undefined && i < appeals.length - 1) return failed('unruled', { appeal: appeal.round })
    const bad = appeal.ruling && checkRuling(file, { verdict, appeal, ruling: appeal.ruling, judged })
    if (bad !== undefined) return { ...bad, details: { ...bad.details, appeal: appeal.round } }
    last = judged
  }
  return last
}

interface RuledAppeal {
  readonly verdict: Pick<Verdict, 'accused' | 'outcome'>
  readonly appeal: Appeal
  readonly ruling: SignedRuling
  readonly judged: JudgedAppeal
}

/** A ruling that does not follow from its appeal, or that too few of its bench signed. */
function checkRuling({ bundle }: Open, { verdict, appeal, ruling, judged }: RuledAppeal): Outcome | undefined {
  const { market, audit } = bundle
  const { guilty } = ruling
  if (judged.ruling !== (guilty ? 'guilty' : 'innocent')) return failed('ruling', { follows: judged.ruling })
  const verdictId = deriveVerdictId({ ...bundle.verdict, ...verdict })
  const evidence = deriveAppealHash(audit, appeal)
  const digest = deriveRulingDigest(market, { verdictId, round: appeal.round, guilty, evidence })
  const signed = checkSigners(digest, ruling.signatures, appeal.bench)
  return signed.status === 'failed' ? signed : undefined
}
