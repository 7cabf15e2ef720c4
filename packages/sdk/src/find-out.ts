/** Why a job is where it is, with everything that this client can check itself put in place of the aggregator's word. */
import { createFinding, explainJob, proveFacts, type Account, type FindingSource } from '@assay/core'
import {
  deriveBeaconId,
  deriveOrderId,
  isMarketError,
  MarketError,
  type Finding,
  type JobEvidence,
  type JobFacts,
  type JobView,
} from '@assay/protocol'
import { toOutput } from './accepted-results.ts'
import { onChain } from './client-chain.ts'
import { hasCode } from './faults.ts'
import type { JobParts } from './job-parts.ts'
import { limits } from './limits.ts'
import { checkView } from './job-state.ts'
import { runBounded } from './run-bounded.ts'

export interface ExplainOptions {
  /** One shard, by number; default the whole job. */
  readonly shard?: number
  /** Also downloads and opens every result that counts as accepted, to find those that do not open; default false. */
  readonly openResults?: boolean
  readonly signal?: AbortSignal
}
/** What was found out, and the view that it was found from. */
export interface FoundOut {
  readonly view: JobView
  readonly findings: readonly Finding[]
}

/** Throws `spec-invalid` for a shard that the job does not have, `market-unreachable`, `cancelled`. */
export async function findOut(parts: JobParts, options: ExplainOptions, signal: AbortSignal): Promise<FoundOut> {
  const { shard, openResults = false } = options
  if (shard !== undefined && parts.spec.shards[shard] === undefined)
    throw new MarketError('spec-invalid', `the job has no shard ${shard}`, { details: { field: 'shard', shard } })
  const told = await parts.api.explain(parts.orderId, shard, signal)
  const claimed = { view: checkView(parts, told.view), facts: told.facts }
  const evidence = await fetchEvidence(parts, signal)
  const { contradictions, proven, ...account } =
    evidence === undefined
      ? { ...claimed, contradictions: [], proven: new Set<string>() }
      : await prove(parts, claimed, evidence, signal)
  const order = await readOrder(parts, signal)
  const sealed = openResults ? await openAll(parts, account.view, shard, signal) : []
  const findings = explainJob({
    spec: parts.spec,
    view: account.view,
    facts: { ...account.facts, atMs: parts.clock.now(), ...(order && { order }) },
    ...(shard !== undefined && { shard }),
    sourceOf: (of, attempt): FindingSource => (proven.has(`${of}/${attempt}`) ? 'evidence' : 'aggregator'),
    orderSource: order === undefined ? 'aggregator' : 'chain',
  })
  const mine = (finding: Finding): boolean => shard === undefined || finding.shard === shard
  return { view: account.view, findings: [...contradictions.filter(mine), ...sealed, ...findings] }
}

/** Evidence of this very order, when there is any yet. */
async function fetchEvidence(parts: JobParts, signal: AbortSignal): Promise<JobEvidence | undefined> {
  try {
    const evidence = await parts.api.evidence(parts.orderId, signal)
    return deriveOrderId(evidence.market, evidence.terms) === parts.orderId ? evidence : undefined
  } catch (error) {
    if (hasCode(error, 'job-state')) return undefined
    throw error
  }
}

/** Evidence counts for as much as its quorum and beacon are those of the market; without a chain they are the aggregator's word. */
async function prove(
  parts: JobParts,
  claimed: Account,
  evidence: JobEvidence,
  signal: AbortSignal,
): Promise<ReturnType<typeof proveFacts>> {
  const foreign =
    deriveBeaconId(evidence.beacon) !== deriveBeaconId(parts.market.beacon)
      ? 'beacon'
      : await foreignQuorum(parts, evidence, signal)
  if (foreign === undefined) return proveFacts(claimed, evidence)
  const what = `The evidence that the aggregator shows is judged by another ${foreign} than the market's.`
  const says = {
    what,
    blame: 'aggregator' as const,
    money: 'held' as const,
    next: 'Do not believe it. From refundAt on anyone can call refund.',
    source: 'chain' as const,
  }
  return { ...claimed, proven: new Set(), contradictions: [createFinding('contradiction', {}, says)] }
}

/** `quorum` when the chain knows another one under its number. */
async function foreignQuorum(
  { chain }: JobParts,
  { quorum }: JobEvidence,
  signal: AbortSignal,
): Promise<'quorum' | undefined> {
  if (chain === undefined) return undefined
  const known = await onChain(signal, () => chain.reader.quorum(quorum.id, signal))
  const sorted = (members: readonly string[]): string => members.toSorted().join()
  const same = known?.threshold === quorum.threshold && sorted(known.members) === sorted(quorum.members)
  return same ? undefined : 'quorum'
}

async function readOrder({ chain, orderId }: JobParts, signal: AbortSignal): Promise<JobFacts['order']> {
  if (chain === undefined) return undefined
  const { status, remaining } = await onChain(signal, () => chain.reader.order(orderId, signal))
  return { status, remainingUsdc: remaining }
}

/** A finding for each accepted result whose bytes do not open, before or after it is paid. */
async function openAll(
  parts: JobParts,
  view: JobView,
  shard: number | undefined,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const due = view.attempts.filter((one) => one.state === 'accepted' && (shard === undefined || one.shard === shard))
  const findings: Finding[] = []
  await runBounded(due, limits.transfers, signal, async (attempt, _index, either) => {
    try {
      await toOutput(parts, attempt).read(() => Promise.resolve(), either)
    } catch (error) {
      if (!isMarketError(error) || (error.code !== 'result-invalid' && error.code !== 'blob-mismatch')) throw error
      const { blame, code, details, message, next } = error
      const about = { shard: attempt.shard, attempt: attempt.attempt }
      const numbers = {
        reason: String(details['reason'] ?? code).slice(0, 100),
        settled: view.chargedUsdc === undefined ? 'no' : 'yes',
      }
      const says = {
        what: `${message}.`,
        blame,
        money: 'held' as const,
        next,
        code,
        numbers,
        source: 'client' as const,
      }
      findings.push(createFinding('contradiction', about, says))
    }
  })
  return findings
}
