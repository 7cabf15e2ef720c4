/** Finds a job again: from the client's own record, else from the aggregator's evidence, which is checked. */
import { asHash, deriveOrderId, deriveSpecHash, MarketError, type OrderId, type OrderTerms } from '@assay/protocol'
import type { ClientParts } from './client-parts.ts'
import { hasCode } from './faults.ts'
import type { StoredJob } from './job-store.ts'
import { submitStored } from './submit-stored.ts'

/**
 * The record of a job. One that was signed but never arrived is submitted again, with the same signature. Without a record
 * the aggregator must show the job's evidence, which it has once the job is settling. Throws `job-unknown`, `job-state`,
 * `unauthorized` for somebody else's job, `terms-mismatch` for evidence that is not of this order.
 */
export async function findJob(parts: ClientParts, orderId: OrderId, signal: AbortSignal): Promise<StoredJob> {
  const stored = await parts.store.load(orderId, signal)
  if (stored === undefined) return findByEvidence(parts, orderId, signal)
  assertOwn(parts, stored.request.terms)
  if (stored.request.terms.aggregator !== parts.market.aggregator) {
    throw new MarketError('job-unknown', 'the job was given to another aggregator', {
      details: { orderId, aggregator: stored.aggregator },
    })
  }
  try {
    await parts.api.job(orderId, signal)
  } catch (error) {
    if (!hasCode(error, 'job-unknown')) throw error
    await submitStored(parts, stored, signal)
  }
  return stored
}

/** The terms of an order. Throws like `findJob`, but submits nothing. */
export async function findTerms(parts: ClientParts, orderId: OrderId, signal: AbortSignal): Promise<OrderTerms> {
  const stored = await parts.store.load(orderId, signal)
  if (stored !== undefined) return stored.request.terms
  const { terms } = await parts.api.job(orderId, signal)
  if (deriveOrderId(parts.market, terms) === orderId) return terms
  throw mismatch(orderId)
}

async function findByEvidence(parts: ClientParts, orderId: OrderId, signal: AbortSignal): Promise<StoredJob> {
  const { market, terms, spec } = await parts.api.evidence(orderId, signal)
  const own = deriveOrderId(parts.market, terms) === orderId && deriveOrderId(market, terms) === orderId
  if (!own || deriveSpecHash(spec) !== terms.specHash) throw mismatch(orderId)
  assertOwn(parts, terms)
  const { clock, api } = parts
  const found: StoredJob = {
    v: 1,
    orderId,
    aggregator: api.http.baseUrl,
    market,
    spec,
    request: { quoteId: asHash(orderId), terms },
    savedAtMs: clock.now(),
  }
  return found
}

function assertOwn({ signer }: ClientParts, { client }: OrderTerms): void {
  if (client === signer.address) return
  throw new MarketError('unauthorized', 'the job belongs to another client', {
    details: { client, signer: signer.address },
  })
}

const mismatch = (orderId: OrderId): MarketError =>
  new MarketError('terms-mismatch', 'the aggregator shows another job under this id', {
    details: { field: 'orderId', orderId },
    blame: 'aggregator',
  })
