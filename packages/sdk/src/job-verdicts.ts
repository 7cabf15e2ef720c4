/** The verdicts of a job: fetched by their names, judged, and tied to the quorum of the order. */
import { deriveBundleId, deriveOrderId, MarketError, type Hash32 } from '@assay/protocol'
import { onChain } from './client-chain.ts'
import type { JobParts } from './job-parts.ts'
import { readState } from './job-state.ts'
import { createJobVerdict, type JobVerdict } from './verdict.ts'

/** Every verdict that the aggregator names. Throws `verdict-invalid` for one that does not hold or is not of this job. */
export async function readVerdicts(parts: JobParts, signal: AbortSignal): Promise<readonly JobVerdict[]> {
  const { verdicts = [] } = await readState(parts, signal)
  const found: JobVerdict[] = []
  for (const { id } of verdicts) found.push(await readVerdict(parts, id, signal))
  return found
}

async function readVerdict(parts: JobParts, id: Hash32, signal: AbortSignal): Promise<JobVerdict> {
  const { api, chain, domain, market, orderId } = parts
  const bundle = await api.verdict(id, signal)
  if (deriveBundleId(bundle) !== id) throw foreign('name', id)
  if (deriveOrderId(domain, bundle.terms) !== orderId) throw foreign('order', id)
  const quorum = chain && (await onChain(signal, () => chain.reader.quorum(bundle.terms.quorumId, signal)))
  return createJobVerdict(bundle, { market: domain, beacon: market.beacon, ...(quorum && { quorum }) })
}

const foreign = (check: string, id: Hash32): MarketError =>
  new MarketError('verdict-invalid', 'the aggregator answered with another bundle', { details: { check, id } })
