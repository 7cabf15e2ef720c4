/** Valid evidence with real signatures, for honest and less honest stories, and the receipts that follow from it. */
import { auditSeats, deriveSettlement, judgeAudit, toBatch } from '@assay/core'
import {
  asHash,
  beaconRound,
  createEnvelope,
  deriveAttestationDigest,
  deriveAuditCommitDigest,
  deriveAuditCommitment,
  deriveBatchDigest,
  deriveBeaconId,
  deriveCommitDigest,
  deriveCommitment,
  deriveEpochRoot,
  deriveProposalDigest,
  deriveRandomness,
  EpochProposal,
  isSampled,
  ppm,
  sortLeaves,
  toJson,
  type Address,
  type Audit,
  type AuditRound,
  type Commitment,
  type EpochLeaf,
  type FailedAttempt,
  type Hash32,
  type JobEvidence,
  type OperatorIndex,
  type OrderId,
  type Receipt,
  type ResultRoot,
  type Salt,
  type SeededEpoch,
  type ShardOpening,
  type SignedCommit,
} from '@assay/protocol'
import { addAgreements } from './agreement-builder.ts'
import { castBeaconGenesisMs, castBeaconPeriodMs, named, type EvidenceCast } from './evidence-cast.ts'

/** What really happens to a commit that is audited. Roots that differ are junk, each its own. */
export type Story =
  /** Provider and auditor find the truth. */
  | 'honest'
  /** The provider returns junk; auditor and panel find the truth. */
  | 'garbage'
  /** The provider does not open. */
  | 'unopened'
  /** The auditor returns junk; provider and panel find the truth. */
  | 'lazy-validator'
  /** Provider and auditor return junk; the panel finds the truth. */
  | 'both-wrong'
  /** Everybody finds something else. */
  | 'nondeterministic'

export interface AttemptPlan {
  readonly shard: number
  /** 1 unless given. */
  readonly attempt?: number
  /** Index into the cast's providers. */
  readonly provider: number
  readonly story?: Story
  /** `true` audits at a rate of 10^6; `false` asks for a draw that misses it. */
  readonly sampled: boolean
  /** Rate of the leaf; by default 10^6 when sampled, else the least that the job allows. */
  readonly ratePpm?: number
  /** Class D3: which results agree besides equal ones; none unless given. */
  readonly agree?: (own: ResultRoot, other: ResultRoot) => boolean
  /** What the commit opens to, instead of what the story says. The sample is drawn by the salt: take a rate that draws all. */
  readonly opened?: { readonly resultRoot: ResultRoot; readonly salt: Salt }
  /** A commitment to sign instead of its own. */
  readonly commitment?: Commitment
}
export interface EpochPlan {
  readonly attempts: readonly AttemptPlan[]
  /** Leaves of other jobs in the same epoch. */
  readonly foreign?: number
}
export interface EvidencePlan {
  readonly epochs: readonly EpochPlan[]
  readonly failures?: readonly FailedAttempt[]
}

/** Builds evidence for a plan. Commits of convicted providers that were not drawn get their contagion audits. */
export async function buildEvidence(cast: EvidenceCast, plan: EvidencePlan): Promise<JobEvidence> {
  const epochs: SeededEpoch[] = []
  const audits: Audit[] = []
  const built: { readonly epoch: BuiltEpoch; readonly attempts: readonly AttemptPlan[] }[] = []
  for (const [i, { attempts, foreign = 0 }] of plan.epochs.entries()) {
    const epoch = await buildEpoch(cast, attempts, { foreign, number: i })
    built.push({ epoch, attempts })
    epochs.push(epoch.seeded)
  }
  const convicted = new Set<number>()
  for (const { epoch, attempts } of built)
    for (const attempt of attempts)
      if (attempt.sampled) {
        audits.push(buildAudit(cast, epoch, attempt, 'sampled'))
        if (isGuilty(attempt.story)) convicted.add(attempt.provider)
      }
  // A contagion audit may convict another provider only through its own commits, so one pass suffices.
  for (const { epoch, attempts } of built)
    for (const attempt of attempts)
      if (!attempt.sampled && convicted.has(attempt.provider))
        audits.push(buildAudit(cast, epoch, attempt, 'contagion'))
  return {
    v: 1,
    market: cast.market,
    terms: cast.terms,
    spec: cast.spec,
    quorum: cast.quorum,
    beacon: cast.beacon.info,
    epochs,
    audits,
    failures: [...(plan.failures ?? [])],
    operators: [...cast.providers, ...cast.validators].map(({ address }, i) => ({
      address,
      index: (i + 1) as OperatorIndex,
    })),
  }
}

/** The receipt of one order, settled alone or with the orders of `others`, signed by a bare threshold. */
export function buildReceipt(cast: EvidenceCast, evidence: JobEvidence, others: readonly JobEvidence[] = []): Receipt {
  const derived = deriveSettlement(cast.market, [evidence, ...others])
  if (!derived.ok) throw new Error(`the evidence does not hold: ${derived.fault} ${JSON.stringify(derived.details)}`)
  const digest = deriveBatchDigest(cast.market, toBatch(derived))
  const signatures = cast.validators.slice(0, cast.quorum.threshold).map((validator) => validator.signNow(digest))
  const openings: ShardOpening[] = derived.jobs[0]!.shards.flatMap(({ shard, accepted }) => {
    if (accepted === undefined) return []
    const { attempt, commitment } = accepted.commit
    const opening = openingsOf(cast).get(commitment)
    if (opening === undefined) throw new Error('the commit was built by another cast')
    return { shard, attempt, ...opening }
  })
  return {
    v: 1,
    evidence,
    settlement: { ...derived.settlement, signatures },
    proof: { transactionHash: named('transaction'), blockNumber: 42, gasUsed: 300_000 },
    openings,
  }
}

/** The truth about a shard, and junk that differs for every `who`. */
export const truthOf = (cast: EvidenceCast, shard: number): ResultRoot => named(`truth/${cast.orderId}/${shard}`)
export const junkOf = (cast: EvidenceCast, shard: number, who: string): ResultRoot =>
  named(`junk/${cast.orderId}/${shard}/${who}`)

export interface BuiltEpoch {
  readonly seeded: SeededEpoch
  readonly proposal: EpochProposal
  /** By shard and attempt: `"0/1"`. */
  readonly commits: ReadonlyMap<string, SignedCommit>
}

/** An epoch of these attempts, acknowledged by a bare threshold; salts are tried until the wanted draw comes out. */
export async function buildEpoch(
  cast: EvidenceCast,
  attempts: readonly AttemptPlan[],
  { foreign = 0, number = 0 }: { readonly foreign?: number; readonly number?: number } = {},
): Promise<BuiltEpoch> {
  const seedRound = beaconRound(10 + number)
  const beacon = cast.beacon.value(seedRound)
  const randomness = deriveRandomness(beacon)
  for (let nonce = 0; nonce < 10_000; nonce++) {
    const own = attempts.map((attempt) => unsignedLeaf(cast, attempt, nonce))
    const leaves = sortLeaves([...own, ...foreignLeaves(cast, foreign, number)])
    const root = deriveEpochRoot(leaves)
    const asWanted = own.every(
      ({ commit, ratePpm }, i) =>
        isSampled({ randomness, root, commitment: commit.commitment }, ratePpm) === attempts[i]!.sampled,
    )
    if (!asWanted) continue
    const signed = leaves.map((leaf) => signLeaf(cast, leaf))
    const proposal = EpochProposal.parse({
      ...cast.market,
      aggregator: cast.aggregator.address,
      quorumId: cast.quorum.id,
      root,
      leafCount: leaves.length,
      seedRound,
      beaconId: deriveBeaconId(cast.beacon.info),
      seats: cast.quorum.members.toSorted().map((validator) => ({ validator, stake: '100000000' })),
      closedAtMs: castBeaconGenesisMs + (seedRound - 3) * castBeaconPeriodMs,
    })
    const envelope = await createEnvelope('epoch/1', toJson(proposal), cast.aggregator)
    const ack = { ...cast.market, proposal: deriveProposalDigest(envelope), seenRound: seedRound - 2 }
    const acks = await Promise.all(
      cast.validators.slice(0, cast.quorum.threshold).map((actor) => createEnvelope('epoch-ack/1', ack, actor)),
    )
    const commits = signed.map(({ commit }) => commit).filter(({ orderId }) => orderId === cast.orderId)
    return {
      seeded: { proposal: envelope, leaves: [...signed], acks, beacon },
      proposal,
      commits: new Map(commits.map((commit) => [`${commit.shard}/${commit.attempt}`, commit])),
    }
  }
  throw new Error('no salt gives the wanted draw')
}

/** The audit of one attempt as its story goes, panel included when it comes to one. */
export function buildAudit(cast: EvidenceCast, epoch: BuiltEpoch, plan: AttemptPlan, reason: Audit['reason']): Audit {
  const commit = epoch.commits.get(`${plan.shard}/${plan.attempt ?? 1}`)!
  const { story = 'honest', shard } = plan
  const opening = openingsOf(cast).get(commit.commitment)
  const auditorLies = story === 'lazy-validator' || story === 'both-wrong' || story === 'nondeterministic'
  const first = (validator: Address): ResultRoot =>
    auditorLies ? junkOf(cast, shard, validator) : truthOf(cast, shard)
  const panel = (validator: Address): ResultRoot =>
    story === 'nondeterministic' ? junkOf(cast, shard, validator) : truthOf(cast, shard)
  const base = {
    commitment: commit.commitment,
    reason,
    ...(story === 'unopened' || opening === undefined ? {} : { opening }),
  }
  const shown = 'opening' in base ? [base.opening.resultRoot] : []
  const compared = (round: AuditRound, earlier: readonly ResultRoot[]): AuditRound =>
    cast.spec.determinism === 'D3' && shown.length > 0
      ? addAgreements(cast, round, { shown: [...shown, ...earlier], agree: plan.agree ?? (() => false) })
      : round
  const rounds = [compared(buildRound(cast, epoch, commit, { round: 0, earlier: [], rootOf: first }), [])]
  const audit = { ...base, rounds }
  const { market, terms, spec } = cast
  const { proposal, seeded } = epoch
  const { determinism } = spec
  const judged = judgeAudit({ market, commit, terms, determinism, proposal, beacon: seeded.beacon, audit })
  if (!judged.ok) throw new Error(judged.fault)
  if (judged.verdict !== 'panel-needed') return audit
  const earlier = rounds[0]!.commits.map(({ validator }) => validator)
  const found = rounds[0]!.attestations.map(({ resultRoot }) => resultRoot)
  const second = compared(buildRound(cast, epoch, commit, { round: 1, earlier, rootOf: panel }), found)
  return { ...base, rounds: [...rounds, second] }
}

export interface RoundPlan {
  readonly round: number
  readonly earlier: readonly Address[]
  readonly rootOf: (validator: Address) => ResultRoot
  /** Who answers; by default the seats that are asked first. */
  readonly who?: readonly Address[]
}

/** One round: commits and attestations of the drawn seats. */
export function buildRound(cast: EvidenceCast, epoch: BuiltEpoch, commit: SignedCommit, plan: RoundPlan): AuditRound {
  const { commitment, provider } = commit
  const { round, earlier } = plan
  const drawn = auditSeats({
    proposal: epoch.proposal,
    beacon: epoch.seeded.beacon,
    commitment,
    round,
    provider,
    client: cast.terms.client,
    earlier,
  })
  const answers = (plan.who ?? drawn.seats).map((validator) => {
    const actor = cast.validators.find(({ address }) => address === validator)!
    const opening = {
      resultRoot: plan.rootOf(validator),
      salt: named<Salt>(`audit/${commitment}/${round}/${validator}`),
    }
    const about = { commitment, round, validator }
    const promise = { ...about, auditCommitment: deriveAuditCommitment(cast.market, about, opening) }
    const shown = { ...about, ...opening }
    return {
      commit: { ...promise, signature: actor.signNow(deriveAuditCommitDigest(cast.market, promise)) },
      attestation: { ...shown, signature: actor.signNow(deriveAttestationDigest(cast.market, shown)) },
    }
  })
  return { commits: answers.map((answer) => answer.commit), attestations: answers.map((answer) => answer.attestation) }
}

/** Whether a story ends in the provider's conviction. */
export const isGuilty = (story: Story | undefined): boolean =>
  story === 'garbage' || story === 'unopened' || story === 'both-wrong'

const openings = new WeakMap<EvidenceCast, Map<string, { readonly resultRoot: ResultRoot; readonly salt: Salt }>>()

/** What opens each commitment that was built for a cast. */
export function openingsOf(cast: EvidenceCast): Map<string, { readonly resultRoot: ResultRoot; readonly salt: Salt }> {
  const known = openings.get(cast) ?? new Map<string, { readonly resultRoot: ResultRoot; readonly salt: Salt }>()
  openings.set(cast, known)
  return known
}

type UnsignedLeaf = Omit<EpochLeaf, 'commit'> & { readonly commit: SignedCommit }

function unsignedLeaf(cast: EvidenceCast, plan: AttemptPlan, nonce: number): UnsignedLeaf {
  const { shard, attempt = 1, provider: index, story = 'honest', sampled } = plan
  const provider = cast.providers[index]!.address
  const lies = story === 'garbage' || story === 'both-wrong' || story === 'nondeterministic'
  const resultRoot = lies ? junkOf(cast, shard, provider) : truthOf(cast, shard)
  const opening = plan.opened ?? {
    resultRoot,
    salt: named<Salt>(`salt/${cast.orderId}/${shard}/${attempt}/${provider}/${nonce}`),
  }
  const about = { orderId: cast.orderId, shard, attempt, provider }
  const commitment = plan.commitment ?? deriveCommitment(cast.market, about, opening)
  openingsOf(cast).set(commitment, opening)
  const sealedHash = named<Hash32>(`sealed/${commitment}`)
  return {
    commit: { ...about, commitment, sealedHash, signature: asHash(`0x${'00'.repeat(65)}`) },
    ratePpm: ppm(plan.ratePpm ?? (sampled ? 1_000_000 : Math.max(10_000, cast.spec.minAuditRatePpm))),
  }
}

function foreignLeaves(cast: EvidenceCast, count: number, number: number): readonly UnsignedLeaf[] {
  return Array.from({ length: count }, (_, i) => {
    const provider = cast.providers[i % cast.providers.length]!.address
    const orderId = named<OrderId>(`foreign/${cast.orderId}/${number}`)
    const commitment = named<SignedCommit['commitment']>(`foreign/${cast.orderId}/${number}/${i}`)
    const sealedHash = named<Hash32>(`foreign-sealed/${i}`)
    const signature = asHash<SignedCommit['signature']>(`0x${'00'.repeat(65)}`)
    return {
      commit: { orderId, shard: i, attempt: 1, provider, commitment, sealedHash, signature },
      ratePpm: ppm(10_000),
    }
  })
}

function signLeaf(cast: EvidenceCast, { commit, ratePpm }: EpochLeaf): EpochLeaf {
  const actor = cast.providers.find(({ address }) => address === commit.provider)!
  return { ratePpm, commit: { ...commit, signature: actor.signNow(deriveCommitDigest(cast.market, commit)) } }
}
