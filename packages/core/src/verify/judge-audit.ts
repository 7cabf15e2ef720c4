import {
  deriveCommitDigest,
  deriveCommitment,
  deriveOrderId,
  recoverSigner,
  type Address,
  type Audit,
  type AuditRound,
  type BeaconValue,
  type DeterminismClass,
  type EpochProposal,
  type MarketDomain,
  type OrderTerms,
  type ResultRoot,
  type SignedCommit,
} from '@assay/protocol'
import { auditSeats, type AuditSeats } from './audit-seats.ts'
import { checkChallenges } from './check-challenges.ts'
import { decideAudit, type AuditDecision } from './decide-audit.ts'
import { failedRunRoot } from './failed-run-root.ts'
import { fault, type Fault } from './fault.ts'
import { readAgreements } from './read-agreements.ts'
import { readRound, type RoundResults } from './read-round.ts'

/** One audited commit. Epoch and seed are checked by then: see `checkEpoch` and `checkSeed`. */
export interface AuditCase {
  readonly market: MarketDomain
  readonly commit: SignedCommit
  readonly terms: OrderTerms
  /** Class of the job: what it means that two results agree. */
  readonly determinism: DeterminismClass
  readonly proposal: EpochProposal
  /** Verified value of the seed round. */
  readonly beacon: BeaconValue
  readonly audit: Audit
}
export interface JudgedAudit extends AuditDecision {
  readonly ok: true
  /** Validators that are owed the audit fee, one entry an attestation, in drawing order. */
  readonly paid: readonly Address[]
  /**
   * Validators that committed to a result and never showed it, in drawing order. Unpaid, and their answer counts as wrong; but
   * an attestation can also have been kept back, so this alone convicts nobody.
   */
  readonly unopened: readonly Address[]
}
export type AuditJudgement = JudgedAudit | Fault

/**
 * Judges the audit of one commit: every signature and opening, who was entitled to sit, and what follows from the
 * results. Nothing in it depends on the order of commits or attestations.
 */
export function judgeAudit(input: AuditCase): AuditJudgement {
  const { audit } = input
  const bad = checkCommit(input)
  if (bad !== undefined) return bad
  const challenges = checkChallenges(audit, { market: input.market, client: input.terms.client })
  if (!challenges.ok) return challenges
  if (audit.rounds.length > 2) return fault('rounds-too-many', { commitment: audit.commitment })

  const first = readAuditRound(input, audit.rounds[0]!, { round: 0, earlier: [], shown: [] })
  if ('fault' in first) return first
  const earlier = audit.rounds[0]!.commits.map((commit) => commit.validator)
  const second = audit.rounds[1]
  const shown = first.results.map(({ root }) => root)
  const panel = second === undefined ? undefined : readAuditRound(input, second, { round: 1, earlier, shown })
  if (panel !== undefined && 'fault' in panel) return panel

  const facts = {
    opened: audit.opening?.resultRoot,
    first: first.results,
    panelSeats: seatsOf(input, 1, earlier).seats.length,
    // With class D3 a seat that shows its result and signs no agreement is silent too; that convicts it of nothing.
    firstSilent: first.results.length < audit.rounds[0]!.commits.length,
    panelDemanded: challenges.panel,
  }
  if (panel !== undefined && decideAudit({ ...facts, panel: undefined }).verdict !== 'panel-needed')
    return fault('round-unneeded', { commitment: audit.commitment })
  const paid = [...first.results, ...(panel?.results ?? [])].map((seat) => seat.validator)
  const unopened = [...first.unopened, ...(panel?.unopened ?? [])]
  return { ok: true, ...decideAudit({ ...facts, panel: panel?.results }), paid, unopened }
}

function checkCommit({ market, commit, terms, proposal, audit }: AuditCase): Fault | undefined {
  const { commitment } = commit
  if (audit.commitment !== commitment) return fault('audit-unknown', { commitment: audit.commitment })
  if (commit.orderId !== deriveOrderId(market, terms) || proposal.aggregator !== terms.aggregator)
    return fault('order-mismatch', { commitment })
  if (recoverSigner(deriveCommitDigest(market, commit), commit.signature) !== commit.provider)
    return fault('commit-signature-invalid', { commitment })
  if (audit.opening !== undefined && deriveCommitment(market, commit, audit.opening) !== commitment)
    return fault('opening-mismatch', { commitment })
  return undefined
}

function seatsOf(
  { commit, terms, proposal, beacon }: AuditCase,
  round: number,
  earlier: readonly Address[],
): AuditSeats {
  const { commitment, provider } = commit
  return auditSeats({ proposal, beacon, commitment, round, provider, client: terms.client, earlier })
}

interface RoundPlace {
  readonly round: number
  /** Who committed in earlier rounds. */
  readonly earlier: readonly Address[]
  /** Results that counted in earlier rounds. */
  readonly shown: readonly ResultRoot[]
}

/** Checks one round of the audit; see `readRound`, and for class D3 `readAgreements`. */
function readAuditRound(
  input: AuditCase,
  given: AuditRound,
  { round, earlier, shown }: RoundPlace,
): RoundResults | Fault {
  const { market, audit, determinism } = input
  const { commitment } = input.commit
  const { seats, alternates } = seatsOf(input, round, earlier)
  const read = readRound(given, { market, commitment, round, drawn: [...seats, ...alternates] })
  if ('fault' in read) return read
  const { agreements } = given
  const opened = audit.opening?.resultRoot
  // Without a result of the provider there is nothing to compare: it is convicted for that.
  if (determinism !== 'D3' || opened === undefined || opened === failedRunRoot)
    return agreements === undefined ? read : fault('agreement-unneeded', { commitment, round })
  const about = { market, commitment, round, opened, earlier: shown, results: read.results }
  const counted = readAgreements(about, agreements ?? [])
  return 'fault' in counted ? counted : { ...read, results: counted.results }
}
