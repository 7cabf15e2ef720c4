/** Pure decisions of the market, and the ports through which services reach the world. */
export type { Beacon } from './ports/beacon.ts'
export type { BlobStore, PutBlobOptions } from './ports/blob-store.ts'
export type {
  ChainMarket,
  ChainOperator,
  ChainOrder,
  ChainReader,
  ChainWriter,
  FundingAuthorization,
  ProvenVerdict,
  Sent,
  SignedAcceptance,
  SignedBatch,
  VerdictStatus,
} from './ports/chain.ts'
export type { Clock } from './ports/clock.ts'
export type {
  ChainAppeal,
  ChainFault,
  ChainVerdict,
  ConflictingAuditsProof,
  ConflictingBatchesProof,
  DisputeReader,
  DisputeWriter,
  EquivocationProof,
  ProvenValidatorVerdict,
} from './ports/disputes.ts'
export type { Log } from './ports/log.ts'
export type { CapabilityKey, FrameStream, Network, Peer, ProtocolName, StreamHandler } from './ports/network.ts'
export type { Rng } from './ports/rng.ts'
export type {
  ImageRef,
  Sandbox,
  SandboxConditions,
  SandboxFacts,
  SandboxFailure,
  SandboxFailureKind,
  SandboxInput,
  SandboxLimits,
  SandboxObserver,
  SandboxOutcome,
  SandboxSuccess,
  SandboxTask,
} from './ports/sandbox.ts'
export type { Signer } from './ports/signer.ts'
export {
  breakerFailures,
  chooseProvider,
  countPassedOver,
  isEligible,
  type Candidate,
  type Need,
} from './match/choose-provider.ts'
export { planJob, type AttemptRecord, type JobPlan, type JobRecord } from './job/plan-job.ts'
export { auditedPasses, nextPasses, type JudgedCommit } from './reputation/audited-passes.ts'
export { deriveSettlement, toBatch, type DerivedSettlement } from './settle/derive-settlement.ts'
export { orderAmount, type OrderAmount } from './settle/order-amount.ts'
export { splitSlash, type SlashShares } from './settle/split-slash.ts'
export { orderBill, type OrderBill, type Payee } from './settle/order-bill.ts'
export { drawDonors, drawPauseMs, findMismatches, type KnownRoot, type RandomWord } from './ringer/plan-ringers.ts'
export { isSuspicious } from './reputation/is-suspicious.ts'
export { requiredRate, type AuditRateInput } from './verify/audit-rate.ts'
export { auditSeats, type AuditSeats, type AuditSeatsInput } from './verify/audit-seats.ts'
export {
  checkAck,
  checkEpoch,
  type AckCheck,
  type AckContext,
  type CheckedEpoch,
  type EpochCheck,
  type EpochContext,
} from './verify/check-epoch.ts'
export { checkChallenges, type ChallengeContext, type CheckedChallenges } from './verify/check-challenges.ts'
export {
  checkOwnCommit,
  type OwnCommitCase,
  type OwnCommitCheck,
  type OwnCommitFault,
} from './verify/check-own-commit.ts'
export { checkSeed, type SeedCheck } from './verify/check-seed.ts'
export {
  decideAudit,
  type AuditDecision,
  type AuditFacts,
  type AuditVerdict,
  type SeatResult,
} from './verify/decide-audit.ts'
export { coversPrice } from './verify/covers-price.ts'
export { exposureRoom } from './verify/exposure.ts'
export { findRelated, type KnownParty, type RelatedPair } from './verify/find-related.ts'
export { failedRunRoot } from './verify/failed-run-root.ts'
export {
  faultStages,
  judgementStages,
  type Fault,
  type FaultCode,
  type FaultDetails,
  type JudgementStage,
} from './verify/fault.ts'
export { judgeAudit, type AuditCase, type AuditJudgement, type JudgedAudit } from './verify/judge-audit.ts'
export { judgeBatch, type BatchJudgement } from './verify/judge-batch.ts'
export {
  judgeEvidence,
  type EvidenceJudgement,
  type JudgedEvidence,
  type JudgeOptions,
} from './verify/judge-evidence.ts'
export { verificationPolicy } from './verify/policy.ts'
export {
  isAccepted,
  isConviction,
  type CommitJudgement,
  type JudgedJob,
  type ShardJudgement,
} from './verify/shard-judgement.ts'
export { slashAmount, type SlashInput } from './verify/slash-amount.ts'
export {
  assertReceipt,
  receiptChecks,
  verifyReceipt,
  type ReceiptAnchors,
  type ReceiptCheck,
  type ReceiptCheckName,
  type ReceiptReport,
} from './verify/verify-receipt.ts'
export {
  bindingConvictions,
  convictionsOnChain,
  type ClosedCommits,
  type Conviction,
} from './verify/binding-convictions.ts'
export { checkFaultProof, type ProvenFault } from './verify/check-fault-proof.ts'
export { appealBond } from './verify/appeal-bond.ts'
export { appealRound, appealSeats, appealSize, satBefore, type AppealSeatsInput } from './verify/appeal-seats.ts'
export { decideAppeal, type AppealFacts } from './verify/decide-appeal.ts'
export { judgeAppeal, type AppealCase, type JudgedAppeal } from './verify/judge-appeal.ts'
export { appealFaults, validatorFaults, type ValidatorFault, type ValidatorOffence } from './verify/validator-fault.ts'
export { chainSlashCap, validatorSlash, type ValidatorSlashInput } from './verify/validator-slash.ts'
export {
  assertVerdict,
  verdictChecks,
  verifyVerdict,
  type VerdictAnchors,
  type VerdictCheck,
  type VerdictCheckName,
  type VerdictReport,
} from './verify/verify-verdict.ts'
export { createSandboxTask, type TaskOptions } from './job/sandbox-task.ts'
export { compareResults, explainFailure, type GateComparison, type GateRun } from './gate/compare-results.ts'
export {
  causeAdvice,
  type CauseAdvice,
  type ConditionPair,
  type Difference,
  type DifferenceCause,
  type Excerpt,
  type LineFinding,
} from './gate/difference.ts'
export { gradeResults, proposeFix, worstGrade, type FileGrade, type ResultGrade } from './gate/grade-results.ts'
export { gateConditions } from './gate/gate-conditions.ts'
export { certificateFaults, type CertificateFault, type CertificateFaultCode } from './gate/certificate-fault.ts'
export {
  certificateSubject,
  certifiedProgram,
  isSameProgram,
  type CertificateSubject,
  type CertifiedProgram,
} from './gate/certificate-subject.ts'
export {
  checkCertificate,
  checkRevocation,
  type CertificateAnchors,
  type CheckedCertificate,
} from './gate/check-certificate.ts'
export { deriveCertificate, type GateCase, type GateFindings, type GateOutcome } from './gate/derive-certificate.ts'
export { isRevoking } from './verify/is-revoking.ts'
export { certifiesCommit, isSlashable, type Arming, type ArmingCase } from './verify/is-slashable.ts'
export {
  blameOfError,
  blameOfFault,
  lifePhases,
  verdictRows,
  type BlameRow,
  type LifePhase,
} from './explain/blame-table.ts'
export { moneyRules, type MoneyRule } from './explain/money-rules.ts'
export { explainJob, type ExplainInput } from './explain/explain-job.ts'
export { auditFactsOf, drawFactsOf, type Seeding } from './explain/audit-facts.ts'
export { proveFacts, type Account, type ProvenAccount } from './explain/prove-facts.ts'
export { createFinding, type FindingSource } from './explain/finding.ts'
export {
  groupBands,
  quoteEconomics,
  type CheatOutlook,
  type QuoteEconomics,
  type RateBand,
} from './quote/quote-economics.ts'
export { deriveAcceptance, type AcceptanceInput, type DerivedAcceptance } from './settle/derive-acceptance.ts'
export type {
  ComparedFile,
  Comparator,
  Comparison,
  ComparisonCounts,
  ComparisonReason,
  ValueDifference,
} from './compare/comparator.ts'
export { comparators } from './compare/comparators.ts'
export {
  compareTrees,
  type FileComparison,
  type ResultTree,
  type TreeComparison,
  type TreeDifference,
} from './compare/compare-trees.ts'
export { readTolerance, type NumericTolerance } from './compare/read-tolerance.ts'
export { createAgreement, type AgreementInput } from './verify/create-agreement.ts'
