/** A job in the market: its state, its events, its results, its proof. */
import {
  MarketError,
  type Finding,
  type JobEvent,
  type JobSpec,
  type JobView,
  type OrderId,
  type OrderTerms,
} from '@assay/protocol'
import { acceptJob, type AcceptedJob, type AcceptOptions } from './accept-job.ts'
import { acceptedResult, acceptedResults } from './accepted-results.ts'
import { challengeShard, type ChallengeOptions } from './challenge-shard.ts'
import type { ClientParts } from './client-parts.ts'
import { explainJob, type JobExplanation } from './explain-job.ts'
import { findOut, type ExplainOptions } from './find-out.ts'
import { followEvents } from './follow-events.ts'
import type { JobParts } from './job-parts.ts'
import { proveJob, type ReceiptOptions } from './job-receipt.ts'
import { readState, untilRefund } from './job-state.ts'
import type { StoredJob } from './job-store.ts'
import { readVerdicts } from './job-verdicts.ts'
import type { JobReceipt } from './receipt.ts'
import type { JobVerdict } from './verdict.ts'
import { deriveSealKey } from './seal-key.ts'
import type { ShardOutput } from './shard-output.ts'

/** Every method takes a signal and throws `MarketError` only; `cancelled` when the signal is aborted. */
export interface Job {
  /** Order id on chain, job id, nonce of the payment: all the same. */
  readonly id: OrderId
  readonly terms: OrderTerms
  readonly spec: JobSpec
  /** Names of the shards, by number. */
  readonly shardNames: readonly string[]
  /** Where the job is now, by the aggregator's word. */
  state(signal?: AbortSignal): Promise<JobView>
  /**
   * What happens, from the beginning or from after `fromSeq`, each event once and in order, until the job is closed. Broken
   * connections are resumed. Throws `market-unreachable` once the aggregator stays away, and `deadline-passed` a minute after
   * `refundAt` when the job has not ended.
   */
  events(options?: { readonly fromSeq?: number; readonly signal?: AbortSignal }): AsyncGenerator<JobEvent>
  /** Asks for the end of the job: nothing new starts, what is verified is paid, the rest comes back. Throws `job-state` when it is too late. */
  cancel(signal?: AbortSignal): Promise<void>
  /**
   * Demands that an accepted shard be looked at again: one that nobody audited is audited, one that passed gets a panel of
   * three. `why` is a short code for the record, `doubt` unless given. Before the settlement the audit budget pays for it and the
   * job waits; after it, the verdict can still slash and moves no settled money. Throws `job-incomplete` unless the shard is
   * accepted, `challenge-refused` with the reason.
   */
  challenge(shard: number, options?: ChallengeOptions): Promise<void>
  /** Result of one shard, by number. Throws `job-incomplete` unless the shard is accepted. */
  result(shard: number, signal?: AbortSignal): Promise<ShardOutput>
  /**
   * Results of all accepted shards, each as soon as it is accepted, until the job is closed. Until then one that nobody audited
   * can still be overturned: its shard then comes again with another attempt. Throws like `events`.
   */
  results(signal?: AbortSignal): AsyncGenerator<ShardOutput>
  /**
   * Class DX: opens what was delivered, signs the payment for the results that it accepts, and waits for the settlement. What is not accepted
   * comes back. Throws `job-state` for any other class, `job-incomplete`, `result-invalid`.
   */
  accept(options?: AcceptOptions): Promise<AcceptedJob>
  /** Waits for the end and proves it: see `JobReceipt`. Throws `receipt-invalid` when the proof does not hold. */
  receipt(options?: ReceiptOptions): Promise<JobReceipt>
  /** Signed verdicts on providers and validators of this job, each judged again here. Throws `verdict-invalid`. */
  verdicts(signal?: AbortSignal): Promise<readonly JobVerdict[]>
  /**
   * Why every shard, or one, is where it is: whose fault a failure was, where its money is, the numbers behind it. What signed
   * evidence, the chain or the results themselves show goes before the aggregator's word, and differences are findings.
   */
  explain(options?: ExplainOptions): Promise<JobExplanation & { readonly findings: readonly Finding[] }>
}

/** A job from its record. */
export function createJob(client: ClientParts, stored: StoredJob, life: AbortSignal): Job {
  const { orderId, spec } = stored
  let identity: Promise<string> | undefined
  const parts: JobParts = {
    ...client,
    orderId,
    domain: stored.market,
    terms: stored.request.terms,
    spec,
    identity: () => (identity ??= deriveIdentity(client, spec)),
    openings: new Map(),
    proven: {},
  }
  const shardNames = spec.shards.map((shard) => shard.name)
  const either = (signal: AbortSignal | undefined): AbortSignal =>
    signal === undefined ? life : AbortSignal.any([signal, life])
  return {
    id: orderId,
    terms: parts.terms,
    spec,
    shardNames,
    state: (signal) => readState(parts, either(signal)),
    events: ({ fromSeq = 0, signal } = {}) =>
      untilRefund(parts, either(signal), (own) => followEvents(parts.api, orderId, fromSeq, own)),
    cancel: (signal) => parts.api.cancel(orderId, { signer: parts.signer, market: parts.domain }, either(signal)),
    challenge: (shard, options = {}) => challengeShard(parts, shard, options, either(options.signal)),
    result: (shard, signal) => acceptedResult(parts, shard, either(signal)),
    results: (signal) => untilRefund(parts, either(signal), (own) => acceptedResults(parts, own)),
    accept: (options = {}) => acceptJob(parts, options, either(options.signal)),
    receipt: (options = {}) => proveJob(parts, options, either(options.signal)),
    verdicts: (signal) => readVerdicts(parts, either(signal)),
    explain: async (options = {}) => {
      const { view, findings } = await findOut(parts, options, either(options.signal))
      const summary = explainJob(view, shardNames)
      const shards = summary.shards.filter(({ shard }) => options.shard === undefined || shard === options.shard)
      return { ...summary, shards, findings }
    },
  }
}

/** The key that opens the results. Throws `unauthorized` when the job is sealed to somebody else. */
async function deriveIdentity({ signer }: ClientParts, spec: JobSpec): Promise<string> {
  const { identity, recipient } = await deriveSealKey(spec, signer)
  if (recipient === spec.sealTo) return identity
  throw new MarketError('unauthorized', 'the results of this job are sealed to another key', {
    details: { client: spec.client, signer: signer.address },
  })
}
