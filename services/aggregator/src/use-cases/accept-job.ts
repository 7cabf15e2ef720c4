/** Class DX: the client says which results it pays for, and that settles the order. */
import { deriveAcceptance } from '@assay/core'
import {
  assertBug,
  deriveAcceptanceDigest,
  derivePackedHash,
  encodeCanonical,
  MarketError,
  packPayouts,
  recoverSigner,
  toJson,
  type Acceptance,
  type AcceptanceOffer,
  type OperatorEntry,
  type SignedCommit,
} from '@assay/protocol'
import type { Context } from '../context.ts'
import type { JobRow } from '../store/records.ts'
import { isJudged } from './is-judged.ts'

/** Whom an acceptance would pay. Throws `job-state` for a job that a quorum settles. */
export async function offerAcceptance(context: Context, job: JobRow, signal: AbortSignal): Promise<AcceptanceOffer> {
  assertUnjudged(job)
  return { orderId: job.orderId, operators: await readOperators(context, deliveredOf(context, job), signal) }
}

/**
 * Keeps a client's acceptance, durable before it is sent; the first one counts. Throws `job-state` unless every shard is delivered
 * or given up, `batch-invalid` when it is not what follows from its shards, `signature-invalid`.
 */
export async function acceptJob(
  context: Context,
  job: JobRow,
  acceptance: Acceptance,
  signal: AbortSignal,
): Promise<JobRow> {
  assertUnjudged(job)
  if (job.acceptance !== undefined) return job
  if (job.state !== 'settling')
    throw new MarketError('job-state', 'the job is not waiting for its client', { details: { state: job.state } })
  const delivered = new Map(deliveredOf(context, job).map((commit) => [commit.shard, commit]))
  const commits = acceptance.shards.flatMap((shard) => delivered.get(shard) ?? [])
  if (commits.length !== acceptance.shards.length) throw invalid('shards')
  const { feeBps } = job.terms
  const operators = await readOperators(context, commits, signal)
  const derived = deriveAcceptance({ priceUsdc: job.spec.priceUsdc, feeBps, commits, operators })
  if (!derived.ok) throw invalid(derived.fault)
  if (encodeCanonical(toJson(acceptance.payouts)) !== encodeCanonical(toJson(derived.payouts))) throw invalid('payouts')
  if (acceptance.fee !== derived.feeUsdc) throw invalid('fee')
  if (acceptance.resultsRoot !== derived.resultsRoot) throw invalid('resultsRoot')
  const { fee, payouts, resultsRoot, signature } = acceptance
  const signed = { orderId: job.orderId, payoutsHash: derivePackedHash(packPayouts(payouts)), fee, resultsRoot }
  if (recoverSigner(deriveAcceptanceDigest(context.chain.market, signed), signature) !== job.client)
    throw new MarketError('signature-invalid', 'the acceptance is not signed by the client of the job')
  const current = context.store.job(job.orderId)
  assertBug(current !== undefined, 'a job is never deleted')
  const kept = current.acceptance === undefined ? context.store.updateJob(current, { acceptance }) : current
  context.wake()
  return kept
}

/** The commits that wait for the client, one a shard. */
const deliveredOf = ({ store }: Context, { orderId }: JobRow): readonly SignedCommit[] =>
  store.attemptsOf(orderId).flatMap(({ commit, state }) => (state === 'committed' && commit ? [commit] : []))

async function readOperators(
  { chain }: Context,
  commits: readonly SignedCommit[],
  signal: AbortSignal,
): Promise<OperatorEntry[]> {
  const entries: OperatorEntry[] = []
  for (const address of new Set(commits.map(({ provider }) => provider))) {
    const operator = await chain.operator(address, signal)
    if (operator !== undefined) entries.push({ address, index: operator.index })
  }
  return entries.toSorted((a, b) => a.index - b.index)
}

function assertUnjudged(job: JobRow): void {
  if (!isJudged(job)) return
  throw new MarketError('job-state', 'a quorum settles this job', { details: { quorumId: job.terms.quorumId } })
}

const invalid = (reason: string): MarketError =>
  new MarketError('batch-invalid', `the acceptance does not follow from its shards: ${reason}`, {
    details: { reason },
    blame: 'client',
  })
