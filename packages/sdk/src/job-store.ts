/**
 * Where a client keeps what it has signed, so that it can find its jobs again. Nothing secret is in it: the key that opens
 * results is derived again from the operator key (`seal-key.ts`).
 */
import {
  deriveOrderId,
  encodeCanonical,
  JobSpec,
  MarketDomain,
  MarketError,
  parseMessage,
  SubmitRequest,
  toJson,
  unixMsSchema,
  type OrderId,
  type UnixMs,
} from '@assay/protocol'

/** A signed job, written before it leaves: the same request submitted again gives the same job. */
export interface StoredJob {
  readonly v: 1
  readonly orderId: OrderId
  /** Address of the aggregator. */
  readonly aggregator: string
  readonly market: MarketDomain
  readonly spec: JobSpec
  readonly request: SubmitRequest
  readonly savedAtMs: UnixMs
}

/** Port: the client's own records. An implementation may forget them; jobs are found again through the aggregator. */
export interface JobStore {
  /** Keeps a job durably before it resolves; saving the same order again replaces the record. */
  save(job: StoredJob, signal: AbortSignal): Promise<void>
  load(orderId: OrderId, signal: AbortSignal): Promise<StoredJob | undefined>
  /** All records, oldest first. */
  list(signal: AbortSignal): Promise<readonly StoredJob[]>
}

/** Keeps jobs as long as the process lives. */
export function createMemoryJobStore(): JobStore {
  const jobs = new Map<OrderId, StoredJob>()
  return {
    save: (job) => Promise.resolve(void jobs.set(job.orderId, job)),
    load: (orderId) => Promise.resolve(jobs.get(orderId)),
    list: () => Promise.resolve([...jobs.values()].toSorted((a, b) => a.savedAtMs - b.savedAtMs)),
  }
}

/** Text form of a record. */
export const encodeStoredJob = (job: StoredJob): string => encodeCanonical(toJson(job))

/** Reads a record. Throws `message-malformed`. */
export function parseStoredJob(text: string): StoredJob {
  const fields = new Map<string, unknown>(Object.entries(readObject(text)))
  const aggregator = fields.get('aggregator')
  if (fields.get('v') !== 1 || typeof aggregator !== 'string') throw malformed()
  const market = parseMessage(MarketDomain, fields.get('market'), 'stored job')
  const request = parseMessage(SubmitRequest, fields.get('request'), 'stored job')
  // The terms decide the order id: a record that says otherwise was altered.
  const orderId = deriveOrderId(market, request.terms)
  if (fields.get('orderId') !== orderId) throw malformed()
  return {
    v: 1,
    orderId,
    aggregator,
    market,
    spec: parseMessage(JobSpec, fields.get('spec'), 'stored job'),
    request,
    savedAtMs: parseMessage(unixMsSchema, fields.get('savedAtMs'), 'stored job'),
  }
}

function readObject(text: string): object {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value
  } catch (cause) {
    throw malformed(cause)
  }
  throw malformed()
}

const malformed = (cause?: unknown): MarketError =>
  new MarketError('message-malformed', 'the stored job is malformed', { details: { what: 'stored job' }, cause })
