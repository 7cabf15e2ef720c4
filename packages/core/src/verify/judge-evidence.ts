import {
  deriveOrderId,
  deriveSpecHash,
  isSampled,
  type Address,
  type Audit,
  type BeaconValue,
  type Commitment,
  type EpochProposal,
  type Hash32,
  type JobEvidence,
  type OrderId,
  type Ppm,
  type SignedCommit,
} from '@assay/protocol'
import { orderBill, type OrderBill } from '../settle/order-bill.ts'
import { checkEpoch } from './check-epoch.ts'
import { checkSeed } from './check-seed.ts'
import { fault, type Fault } from './fault.ts'
import { judgeAudit } from './judge-audit.ts'
import { verificationPolicy } from './policy.ts'
import {
  isAccepted,
  isConviction,
  type CommitJudgement,
  type JudgedJob,
  type ShardJudgement,
} from './shard-judgement.ts'

export interface JudgedEvidence extends JudgedJob {
  readonly ok: true
  readonly bill: OrderBill
}
export type EvidenceJudgement = JudgedEvidence | Fault
export interface JudgeOptions {
  /** Providers convicted elsewhere: by other jobs of the batch, or by verdicts that the judge knows of. */
  readonly convicted?: ReadonlySet<Address>
  /** Commits that their providers claim: none may be left out (`findCensored`). Looked at by `judgeBatch`. */
  readonly claims?: readonly SignedCommit[]
}

/**
 * Judges the evidence of one job by every rule that needs nothing but the evidence. What it cannot see stays with the
 * caller: that order, quorum, stakes and operator numbers are those of the chain; that no acknowledged epoch is missing;
 * that an unopened commit really is unopened; that `settleBy` is ahead.
 */
export function judgeEvidence(evidence: JobEvidence, options: JudgeOptions = {}): EvidenceJudgement {
  const orderId = deriveOrderId(evidence.market, evidence.terms)
  const head = checkTerms(evidence) ?? checkQuorum(evidence)
  if (head !== undefined) return head
  const epochs = readEpochs(evidence, orderId)
  if ('fault' in epochs) return epochs
  const leaves = readLeaves(evidence, orderId, epochs)
  const bad = checkLeaves(evidence, leaves) ?? checkAudits(evidence, leaves)
  if (bad !== undefined) return bad
  const commits = judgeLeaves(evidence, leaves)
  if ('fault' in commits) return commits
  const convicted = new Set(commits.filter(({ verdict }) => isConviction(verdict)).map(({ commit }) => commit.provider))
  const spared = checkContagion(commits, new Set([...convicted, ...(options.convicted ?? [])]))
  if (spared !== undefined) return spared
  const shards = gatherShards(evidence, commits)
  if ('fault' in shards) return shards
  const bill = orderBill(evidence.spec, evidence.terms.feeBps, shards)
  const unpayable = checkOperators(evidence, bill) ?? checkAmounts(evidence, bill)
  return unpayable ?? { ok: true, orderId, shards, convicted: [...convicted].toSorted(), bill }
}

/** Every commit of a convicted provider must have been re-run. Exported for judges of whole batches. */
export function checkContagion(
  commits: readonly CommitJudgement[],
  convicted: ReadonlySet<Address>,
): Fault | undefined {
  const spared = commits.find(({ commit, audit }) => audit === undefined && convicted.has(commit.provider))
  if (spared === undefined) return undefined
  return fault('contagion-incomplete', { commitment: spared.commit.commitment, provider: spared.commit.provider })
}

/** Whether a quorum may judge work on this spec for these terms. Exported for the judge of a single verdict. */
export function checkTerms({ terms, spec }: Pick<JobEvidence, 'terms' | 'spec'>): Fault | undefined {
  if (deriveSpecHash(spec) !== terms.specHash) return fault('spec-hash-mismatch', { specHash: terms.specHash })
  if (spec.client !== terms.client) return fault('client-mismatch', { spec: spec.client, terms: terms.client })
  // Nobody can compare results that do not repeat: such a job is settled by its client or not at all.
  if (spec.determinism === 'DX') return fault('class-unsettleable', { determinism: spec.determinism })
  return undefined
}

/** Whether the quorum is the one that the terms name, and can reach its threshold. */
export function checkQuorum({ terms, quorum }: Pick<JobEvidence, 'terms' | 'quorum'>): Fault | undefined {
  if (quorum.id !== terms.quorumId) return fault('quorum-mismatch', { quorumId: quorum.id, terms: terms.quorumId })
  const distinct = new Set(quorum.members).size
  if (distinct !== quorum.members.length || quorum.threshold > distinct)
    return fault('quorum-malformed', { members: distinct, threshold: quorum.threshold })
  return undefined
}

interface Seeded {
  readonly proposal: EpochProposal
  readonly beacon: BeaconValue
  readonly randomness: Hash32
}

/** All epochs first, then all seeds: a pairing check is worth its time only once the rest holds. */
function readEpochs(evidence: JobEvidence, orderId: OrderId): readonly Seeded[] | Fault {
  const proposals: EpochProposal[] = []
  const digests = new Set<Hash32>()
  for (const epoch of evidence.epochs) {
    const checked = checkEpoch(epoch, evidence)
    if (!checked.ok) return checked
    const { proposal, digest, acknowledgedBy } = checked
    if (!checked.acknowledged)
      return fault('acks-insufficient', { acks: acknowledgedBy.length, threshold: evidence.quorum.threshold })
    if (proposal.aggregator !== evidence.terms.aggregator)
      return fault('aggregator-mismatch', { aggregator: proposal.aggregator })
    if (digests.has(digest)) return fault('epoch-repeated', { proposal: digest })
    if (!epoch.leaves.some(({ commit }) => commit.orderId === orderId))
      return fault('epoch-irrelevant', { proposal: digest })
    digests.add(digest)
    proposals.push(proposal)
  }
  const seeded: Seeded[] = []
  for (const [i, proposal] of proposals.entries()) {
    const { beacon } = evidence.epochs[i]!
    const seed = checkSeed(proposal, evidence.beacon, beacon)
    if (!seed.ok) return seed
    seeded.push({ proposal, beacon, randomness: seed.randomness })
  }
  return seeded
}

interface Leaf extends Seeded {
  readonly commit: SignedCommit
  readonly ratePpm: Ppm
  readonly sampled: boolean
}

/** The job's own leaves of all epochs, by shard and attempt. */
function readLeaves(evidence: JobEvidence, orderId: OrderId, epochs: readonly Seeded[]): readonly Leaf[] {
  return epochs
    .flatMap((epoch, i) =>
      evidence.epochs[i]!.leaves.filter(({ commit }) => commit.orderId === orderId).map(({ commit, ratePpm }) => {
        const seed = { randomness: epoch.randomness, root: epoch.proposal.root, commitment: commit.commitment }
        return { ...epoch, commit, ratePpm, sampled: isSampled(seed, ratePpm) }
      }),
    )
    .toSorted((a, b) => a.commit.shard - b.commit.shard || a.commit.attempt - b.commit.attempt)
}

function checkLeaves({ spec, failures }: JobEvidence, leaves: readonly Leaf[]): Fault | undefined {
  const least = Math.max(verificationPolicy.rateFloorPpm, spec.minAuditRatePpm)
  const attempts = new Set<string>()
  const providers = new Set<string>()
  const commitments = new Set<Commitment>()
  for (const { commit, ratePpm } of leaves) {
    const { shard, attempt, provider, commitment } = commit
    const about = { shard, attempt, commitment }
    if (shard >= spec.shards.length) return fault('shard-unknown', about)
    if (attempts.has(`${shard}/${attempt}`)) return fault('attempt-repeated', about)
    if (commitments.has(commitment)) return fault('commitment-repeated', about)
    if (providers.has(`${shard}/${provider}`)) return fault('provider-repeated', { ...about, provider })
    if (ratePpm < least) return fault('rate-too-low', { ...about, ratePpm, least })
    attempts.add(`${shard}/${attempt}`)
    commitments.add(commitment)
    providers.add(`${shard}/${provider}`)
  }
  for (const { shard, attempt } of failures) {
    if (shard >= spec.shards.length) return fault('shard-unknown', { shard, attempt })
    if (attempts.has(`${shard}/${attempt}`)) return fault('failure-contradicted', { shard, attempt })
    attempts.add(`${shard}/${attempt}`)
  }
  return undefined
}

/** Every sampled leaf has its audit, every audit its leaf, for the reason it gives. */
function checkAudits({ audits }: JobEvidence, leaves: readonly Leaf[]): Fault | undefined {
  const known = new Map(leaves.map((leaf) => [leaf.commit.commitment, leaf]))
  const audited = new Set<Commitment>()
  for (const { commitment, reason } of audits) {
    const leaf = known.get(commitment)
    if (leaf === undefined) return fault('audit-unknown', { commitment })
    if (audited.has(commitment)) return fault('audit-repeated', { commitment })
    if (leaf.sampled !== (reason === 'sampled')) return fault('reason-mismatch', { commitment, reason })
    audited.add(commitment)
  }
  const missing = leaves.find(({ sampled, commit }) => sampled && !audited.has(commit.commitment))
  return missing && fault('audit-missing', { commitment: missing.commit.commitment, shard: missing.commit.shard })
}

function judgeLeaves(
  { market, terms, spec, audits }: JobEvidence,
  leaves: readonly Leaf[],
): readonly CommitJudgement[] | Fault {
  const byCommitment = new Map<Commitment, Audit>(audits.map((audit) => [audit.commitment, audit]))
  const judged: CommitJudgement[] = []
  for (const { commit, ratePpm, sampled, proposal, beacon } of leaves) {
    const audit = byCommitment.get(commit.commitment)
    const leaf = { commit, ratePpm, sampled, audit }
    if (audit === undefined) {
      judged.push({ ...leaf, verdict: 'unsampled', detector: undefined, validatorsAtFault: [], paid: [] })
      continue
    }
    const judgement = judgeAudit({ market, commit, terms, determinism: spec.determinism, proposal, beacon, audit })
    if (!judgement.ok) return judgement
    const { verdict, detector, validatorsAtFault, paid } = judgement
    if (verdict === 'pending' || verdict === 'panel-needed')
      return fault('audit-undecided', { commitment: commit.commitment, verdict })
    judged.push({ ...leaf, verdict, detector, validatorsAtFault, paid })
  }
  return judged
}

function gatherShards({ spec }: JobEvidence, judged: readonly CommitJudgement[]): readonly ShardJudgement[] | Fault {
  const shards: ShardJudgement[] = []
  const byShard = Map.groupBy(judged, ({ commit }) => commit.shard)
  for (let shard = 0; shard < spec.shards.length; shard++) {
    const commits = byShard.get(shard) ?? []
    const accepted = commits.filter(({ verdict }) => isAccepted(verdict))
    if (accepted.length > 1) return fault('shard-accepted-twice', { shard })
    // A shard whose results do not repeat has no right result that another attempt could be paid for.
    if (accepted.length > 0 && commits.some(({ verdict }) => verdict === 'nondeterministic'))
      return fault('shard-retried', { shard })
    shards.push({ shard, accepted: accepted[0], commits })
  }
  return shards
}

function checkOperators({ operators }: JobEvidence, { payees }: OrderBill): Fault | undefined {
  const addresses = new Set(operators.map(({ address }) => address))
  const indices = new Set(operators.map(({ index }) => index))
  if (addresses.size !== operators.length || indices.size !== operators.length)
    return fault('operator-repeated', { operators: operators.length })
  const missing = payees.find(({ address }) => !addresses.has(address))
  return missing && fault('operator-missing', { address: missing.address })
}

function checkAmounts({ terms }: JobEvidence, { chargedUsdc }: OrderBill): Fault | undefined {
  if (chargedUsdc <= terms.maxAmount) return undefined
  return fault('charge-over-max', { charged: `${chargedUsdc}`, maxAmount: `${terms.maxAmount}` })
}
