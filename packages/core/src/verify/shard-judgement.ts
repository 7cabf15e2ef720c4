import type { Address, Audit, OrderId, Ppm, ShardVerdict, SignedCommit } from '@assay/protocol'

/** One commit of a job with everything decided about it. */
export interface CommitJudgement {
  readonly commit: SignedCommit
  /** Rate that its epoch froze. */
  readonly ratePpm: Ppm
  /** Whether the seed drew it. */
  readonly sampled: boolean
  readonly verdict: ShardVerdict
  /** Absent when nobody re-ran it. */
  readonly audit: Audit | undefined
  readonly detector: Address | undefined
  readonly validatorsAtFault: readonly Address[]
  /** Validators owed the audit fee, one entry an attestation. */
  readonly paid: readonly Address[]
}

/** All commits of one shard, by attempt, and the one that is paid. */
export interface ShardJudgement {
  readonly shard: number
  readonly accepted: CommitJudgement | undefined
  readonly commits: readonly CommitJudgement[]
}

/** A job as its evidence shows it. */
export interface JudgedJob {
  readonly orderId: OrderId
  /** One entry a shard of the spec, in order. */
  readonly shards: readonly ShardJudgement[]
  /** Providers that a verdict of this job convicts, sorted. */
  readonly convicted: readonly Address[]
}

/** Whether the provider of such a commit is paid. */
export const isAccepted = (verdict: ShardVerdict): boolean =>
  verdict === 'unsampled' || verdict === 'passed' || verdict === 'provider-right'

/** Whether such a verdict costs the provider its stake. */
export const isConviction = (verdict: ShardVerdict): boolean => verdict === 'provider-fault' || verdict === 'both-wrong'
