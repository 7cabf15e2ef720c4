/** Valid verdict bundles with real signatures, and the appeals against them. */
import {
  appealFaults,
  appealRound,
  appealSeats,
  judgeAppeal,
  judgeAudit,
  satBefore,
  slashAmount,
  validatorFaults,
  validatorSlash,
  type AppealCase,
} from '@assay/core'
import {
  assertBug,
  deriveAppealHash,
  deriveAttestationDigest,
  deriveAuditCommitDigest,
  deriveAuditCommitment,
  deriveEvidenceHash,
  deriveRulingDigest,
  deriveVerdictDigest,
  deriveVerdictId,
  ppm,
  quorumId,
  usdc,
  verdictOutcomes,
  type Address,
  type Appeal,
  type Audit,
  type Overturned,
  type ResultRoot,
  type Salt,
  type SignedCommit,
  type Verdict,
  type VerdictBundle,
} from '@assay/protocol'
import { buildAudit, buildEpoch, truthOf, type BuiltEpoch, type Story } from './evidence-builder.ts'
import { named, type EvidenceCast } from './evidence-cast.ts'
import { createTestActor, type TestActor } from './test-actor.ts'

/** What built verdicts assume of the accused. */
export const builtStake = usdc(50_000_000n)

/** A judged commit, and who sat. */
export interface BuiltCase {
  readonly epoch: BuiltEpoch
  readonly commit: SignedCommit
  readonly audit: Audit
}

/** An epoch of one audited commit of shard 0 by provider 0, with a leaf of another job beside it. */
export async function buildCase(cast: EvidenceCast, story: Story): Promise<BuiltCase> {
  const plan = { shard: 0, provider: 0, sampled: true, story }
  const epoch = await buildEpoch(cast, [plan], { foreign: 1 })
  const commit = epoch.commits.get('0/1')
  assertBug(commit !== undefined, 'the epoch holds the planned commit')
  return { epoch, commit, audit: buildAudit(cast, epoch, plan, 'sampled') }
}

/** The verdict on the provider, or on `accused` when the audit or the overturned verdict convicts that validator. */
export function buildVerdict(
  cast: EvidenceCast,
  built: BuiltCase,
  options: { readonly accused?: Address; readonly overturned?: Overturned } = {},
): VerdictBundle {
  const { epoch, audit } = built
  const verdict = verdictFor(cast, built, options)
  const digest = deriveVerdictDigest(cast.market, verdict)
  const { overturned } = options
  return {
    v: 1,
    market: cast.market,
    terms: cast.terms,
    spec: cast.spec,
    quorum: cast.quorum,
    beacon: cast.beacon.info,
    epoch: epoch.seeded,
    audit,
    verdict,
    signatures: cast.validators.slice(0, cast.quorum.threshold).map((validator) => validator.signNow(digest)),
    appeals: [],
    ...(overturned && { overturned }),
  }
}

function verdictFor(
  cast: EvidenceCast,
  built: BuiltCase,
  { accused, overturned }: { readonly accused?: Address; readonly overturned?: Overturned },
): Verdict {
  const { audit, commit } = built
  const judged = judgeAudit(auditCase(cast, built))
  if (!judged.ok) throw new Error(`the audit does not hold: ${judged.fault}`)
  const { spec, terms } = cast
  const { orderId, shard, attempt, provider } = commit
  const about = { orderId, shard, attempt, quorumId: terms.quorumId }
  if (accused === undefined) {
    const { priceUsdc, determinism } = spec
    const slash = slashAmount({ priceUsdc, stakeUsdc: builtStake, ratePpm: ppm(1_000_000), determinism })
    assertBug(judged.detector !== undefined, 'the story convicts the provider')
    const outcome = verdictOutcomes.providerFault
    return {
      ...about,
      accused: provider,
      outcome,
      slash,
      detector: judged.detector,
      evidence: deriveEvidenceHash(audit),
    }
  }
  const faults = overturned === undefined ? validatorFaults(judged, audit) : overturnedFaults(cast, built, overturned)
  const found = faults.find(({ validator }) => validator === accused)
  assertBug(found !== undefined, 'the story convicts this validator')
  const { auditFeeUsdc } = spec
  const { maxAmount } = terms
  const { offence, detector } = found
  const slash = validatorSlash({ offence, priorFaults: 0, stakeUsdc: builtStake, auditFeeUsdc, maxAmount })
  const last = overturned?.appeals.at(-1)
  const evidence = last === undefined ? deriveEvidenceHash(audit) : deriveAppealHash(audit, last)
  return { ...about, accused, outcome: verdictOutcomes.validatorFault, slash, detector, evidence }
}

function overturnedFaults(cast: EvidenceCast, built: BuiltCase, { appeals, ...verdict }: Overturned) {
  const appeal = appeals.at(-1)
  assertBug(appeal !== undefined, 'an overturned verdict has an appeal')
  const judged = judgeAppeal({ ...auditCase(cast, built), verdict, before: appeals.slice(0, -1), appeal })
  if (!judged.ok) throw new Error(`the appeal does not hold: ${judged.fault}`)
  return appealFaults(judged)
}

const auditCase = (cast: EvidenceCast, { epoch, commit, audit }: BuiltCase) => ({
  market: cast.market,
  terms: cast.terms,
  determinism: cast.spec.determinism,
  commit,
  proposal: epoch.proposal,
  beacon: epoch.seeded.beacon,
  audit,
})

/** Who could sit in a quorum of appeal. */
export const createBench = (size: number): readonly TestActor[] =>
  Array.from({ length: size }, (_, i) => createTestActor(`bench ${i}`))

export interface AppealPlan {
  readonly bench: readonly TestActor[]
  readonly verdict: Pick<Verdict, 'accused' | 'outcome'>
  readonly before?: readonly Appeal[]
  /** What a member of the bench finds; the truth unless given. */
  readonly rootOf?: (validator: Address) => ResultRoot
  /** Who shows no result. */
  readonly silent?: ReadonlySet<Address>
  readonly opening?: Appeal['opening']
}

/** One appeal, heard by the drawn seats, with the ruling that follows from it if one does. */
export function buildAppeal(cast: EvidenceCast, built: BuiltCase, plan: AppealPlan): Appeal {
  const { bench, verdict, before = [], rootOf = () => truthOf(cast, 0), silent = new Set<Address>() } = plan
  const members = bench.map(({ address }) => address).toSorted()
  const round = before.length + 1
  const heard: Appeal = {
    round,
    bench: { id: quorumId(round + 1), threshold: Math.floor(members.length / 2) + 1, members },
    seats: members.map((validator) => ({ validator, stake: usdc(100_000_000n) })),
    ...(plan.opening && { opening: plan.opening }),
    commits: [],
    attestations: [],
  }
  const { seats, alternates } = drawBench(cast, built, { ...plan, heard })
  const asked = [...seats, ...alternates].filter((seat) => !silent.has(seat)).slice(0, seats.length)
  const answers = asked.map((validator) => answer(cast, built, { actor: actorOf(bench, validator), round, rootOf }))
  const appeal = {
    ...heard,
    commits: answers.map(({ commit }) => commit),
    attestations: answers.map(({ attestation }) => attestation),
  }
  const judged = judgeAppeal({ ...auditCase(cast, built), verdict, before, appeal } satisfies AppealCase)
  if (!judged.ok) throw new Error(`the appeal does not hold: ${judged.fault}`)
  if (judged.ruling === 'none') return appeal
  const guilty = judged.ruling === 'guilty'
  const { orderId, shard, attempt } = built.commit
  const verdictId = deriveVerdictId({ orderId, shard, attempt, ...verdict })
  const evidence = deriveAppealHash(built.audit, appeal)
  const digest = deriveRulingDigest(cast.market, { verdictId, round, guilty, evidence })
  const signatures = bench.slice(0, heard.bench.threshold).map((member) => member.signNow(digest))
  return { ...appeal, ruling: { guilty, signatures } }
}

function drawBench(cast: EvidenceCast, built: BuiltCase, plan: AppealPlan & { readonly heard: Appeal }) {
  const { heard, verdict, before = [] } = plan
  return appealSeats({
    proposal: built.epoch.proposal,
    beacon: built.epoch.seeded.beacon,
    commitment: built.commit.commitment,
    appeal: heard.round,
    seats: heard.seats,
    provider: built.commit.provider,
    client: cast.terms.client,
    accused: verdict.accused,
    earlier: satBefore(built.audit, before),
  })
}

const actorOf = (bench: readonly TestActor[], address: Address): TestActor => {
  const actor = bench.find((member) => member.address === address)
  assertBug(actor !== undefined, 'the draw is among the bench')
  return actor
}

interface Answering {
  readonly actor: TestActor
  readonly round: number
  readonly rootOf: (validator: Address) => ResultRoot
}

function answer(cast: EvidenceCast, { commit }: BuiltCase, { actor, round, rootOf }: Answering) {
  const validator = actor.address
  const { commitment } = commit
  const opening = {
    resultRoot: rootOf(validator),
    salt: named<Salt>(`appeal/${commitment}/${round}/${validator}`),
  }
  const about = { commitment, round: appealRound(round), validator }
  const promise = { ...about, auditCommitment: deriveAuditCommitment(cast.market, about, opening) }
  const shown = { ...about, ...opening }
  return {
    commit: { ...promise, signature: actor.signNow(deriveAuditCommitDigest(cast.market, promise)) },
    attestation: { ...shown, signature: actor.signNow(deriveAttestationDigest(cast.market, shown)) },
  }
}
