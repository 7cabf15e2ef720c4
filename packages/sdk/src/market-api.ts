/** The aggregator's HTTP interface, one method an endpoint. Idempotent calls are repeated while they do not get through. */
import type { Clock } from '@assay/core'
import {
  CertificationView,
  AcceptanceOffer,
  createEnvelope,
  encodeCanonical,
  JobEvidence,
  JobExplanation,
  JobView,
  MarketInfo,
  parseMessage,
  PublishedCertificate,
  Quote,
  Receipt,
  requestHeader,
  toJson,
  VerdictBundle,
  type Acceptance,
  type BlobRoot,
  type DigestSigner,
  type Envelope,
  type Hash32,
  type MarketDomain,
  type OrderId,
  type QuoteRequest,
  type SubmitRequest,
} from '@assay/protocol'
import { unreachable } from './faults.ts'
import { send, sendForJson, sendOnly, type Fetch, type HttpCall, type HttpDeps } from './http.ts'
import { limits } from './limits.ts'
import { repeat, within } from './repeat.ts'

export interface MarketApi {
  readonly http: HttpDeps
  market(signal: AbortSignal): Promise<MarketInfo>
  /** Asks for the certificate of a quote; idempotent. */
  certify(quoteId: Hash32, signer: RequestSigner, signal: AbortSignal): Promise<CertificationView>
  certification(quoteId: Hash32, signal: AbortSignal): Promise<CertificationView>
  certificate(id: Hash32, signal: AbortSignal): Promise<PublishedCertificate>
  quote(request: QuoteRequest, signal: AbortSignal): Promise<Quote>
  /** Sends one blob once; sent again, it begins at its first byte. */
  upload(quoteId: Hash32, root: BlobRoot, body: HttpCall['body'], signal: AbortSignal): Promise<void>
  /** Idempotent: the same request gives the same job. */
  submit(request: SubmitRequest, signal: AbortSignal): Promise<void>
  job(orderId: OrderId, signal: AbortSignal): Promise<JobView>
  /** Every job of the signer at this aggregator. */
  jobs(signer: RequestSigner, signal: AbortSignal): Promise<readonly JobView[]>
  cancel(orderId: OrderId, signer: RequestSigner, signal: AbortSignal): Promise<void>
  /** Idempotent: the same challenge again changes nothing. */
  challenge(orderId: OrderId, challenge: Envelope, signal: AbortSignal): Promise<void>
  /** Why the job, or one shard of it, is where it is, by the aggregator's word. */
  explain(orderId: OrderId, shard: number | undefined, signal: AbortSignal): Promise<JobExplanation>
  /** Class DX: whom an acceptance would pay. */
  acceptance(orderId: OrderId, signal: AbortSignal): Promise<AcceptanceOffer>
  /** Idempotent: the first acceptance counts. */
  accept(orderId: OrderId, acceptance: Acceptance, signal: AbortSignal): Promise<void>
  evidence(orderId: OrderId, signal: AbortSignal): Promise<JobEvidence>
  receipt(orderId: OrderId, signal: AbortSignal): Promise<Receipt>
  verdict(id: Hash32, signal: AbortSignal): Promise<VerdictBundle>
  /** Head of the event stream after event `afterSeq`. Not repeated. */
  openEvents(orderId: OrderId, afterSeq: number, signal: AbortSignal): Promise<Response>
  /** Head of a blob from byte `offset`. Not repeated. */
  openBlob(root: BlobRoot, offset: number, signal: AbortSignal): Promise<Response>
}
/** Who signs requests, and for which market. */
export interface RequestSigner {
  readonly signer: DigestSigner
  readonly market: MarketDomain
}

export function createMarketApi(options: {
  readonly baseUrl: string
  readonly fetch: Fetch
  readonly clock: Clock
}): MarketApi {
  const http: HttpDeps = { ...options, baseUrl: options.baseUrl.replace(/\/+$/, '') }
  const { clock } = options
  const json = <T>(call: HttpCall, parse: (body: unknown) => T, signal: AbortSignal): Promise<T> =>
    repeat(() => sendForJson(http, call, parse, signal), clock, signal)
  /** The head of a stream; whoever gave the signal aborts it, also after a head that came too late. */
  const open = (call: HttpCall, signal: AbortSignal): Promise<Response> =>
    within(send(http, call, signal), limits.stallMs, clock, () => unreachable('no answer in time', { path: call.path }))
  return {
    http,
    market: (signal) => json(get('/v1/market'), (body) => parseMessage(MarketInfo, body, 'market'), signal),
    certify(quoteId, by, signal) {
      const call: HttpCall = { method: 'POST', path: `/v1/quotes/${quoteId}/certify` }
      const parse = (body: unknown) => parseMessage(CertificationView, body, 'certification')
      return repeat(async () => sendForJson(http, await signCall(call, by, clock), parse, signal), clock, signal)
    },
    certification: (quoteId, signal) =>
      json(
        get(`/v1/quotes/${quoteId}/certify`),
        (body) => parseMessage(CertificationView, body, 'certification'),
        signal,
      ),
    certificate: (id, signal) =>
      json(get(`/v1/certificates/${id}`), (body) => parseMessage(PublishedCertificate, body, 'certificate'), signal),
    quote: (request, signal) => json(post('/v1/quotes', request), (body) => parseMessage(Quote, body, 'quote'), signal),
    async upload(quoteId, root, body, signal) {
      const headers = { 'content-type': 'application/octet-stream' }
      const call: HttpCall = { method: 'PUT', path: `/v1/quotes/${quoteId}/blobs/${root}`, headers }
      const response = await send(http, body === undefined ? call : { ...call, body }, signal)
      await response.body?.cancel()
    },
    submit: (request, signal) => repeat(() => sendOnly(http, post('/v1/jobs', request), signal), clock, signal),
    job: (orderId, signal) => json(get(`/v1/jobs/${orderId}`), (body) => parseMessage(JobView, body, 'job'), signal),
    jobs(by, signal) {
      const parse = (body: unknown): readonly JobView[] => parseMessage(JobView.array(), fieldOf(body, 'jobs'), 'jobs')
      // Signed afresh for every try: a signature is good for a minute.
      return repeat(
        async () => sendForJson(http, await signCall(get('/v1/jobs'), by, clock), parse, signal),
        clock,
        signal,
      )
    },
    cancel(orderId, by, signal) {
      const call: HttpCall = { method: 'DELETE', path: `/v1/jobs/${orderId}` }
      return repeat(async () => sendOnly(http, await signCall(call, by, clock), signal), clock, signal)
    },
    challenge: (orderId, challenge, signal) =>
      repeat(() => sendOnly(http, post(`/v1/jobs/${orderId}/challenges`, { challenge }), signal), clock, signal),
    ...clientCalls(http),
    evidence: (orderId, signal) =>
      json(get(`/v1/jobs/${orderId}/evidence`), (body) => parseMessage(JobEvidence, body, 'evidence'), signal),
    receipt: (orderId, signal) =>
      json(get(`/v1/jobs/${orderId}/receipt`), (body) => parseMessage(Receipt, body, 'receipt'), signal),
    verdict: (id, signal) =>
      json(get(`/v1/verdicts/${id}`), (body) => parseMessage(VerdictBundle, body, 'verdict bundle'), signal),
    openEvents(orderId, afterSeq, signal) {
      const headers = { accept: 'text/event-stream', ...(afterSeq > 0 && { 'last-event-id': String(afterSeq) }) }
      return open({ method: 'GET', path: `/v1/jobs/${orderId}/events`, headers }, signal)
    },
    openBlob(root, offset, signal) {
      const headers: Record<string, string> = offset > 0 ? { range: `bytes=${offset}-` } : {}
      return open({ method: 'GET', path: `/v1/blobs/${root}`, headers }, signal)
    },
  }
}

const get = (path: string): HttpCall => ({ method: 'GET', path, headers: { accept: 'application/json' } })

const post = (path: string, body: object): HttpCall => ({
  method: 'POST',
  path,
  headers: { 'content-type': 'application/json', accept: 'application/json' },
  body: encodeCanonical(toJson(body)),
})

/** Adds the signed request header: method, path and time under the client's key, as base64 of the envelope's JSON. */
async function signCall(call: HttpCall, by: RequestSigner, clock: Clock): Promise<HttpCall> {
  const { chainId, escrow } = by.market
  const body = { chainId, escrow, method: call.method, path: call.path, atMs: clock.now() }
  const envelope = await createEnvelope('request/1', body, by.signer)
  return { ...call, headers: { ...call.headers, [requestHeader]: toBase64(JSON.stringify(envelope)) } }
}

const fieldOf = (body: unknown, name: string): unknown =>
  typeof body === 'object' && body !== null ? new Map<string, unknown>(Object.entries(body)).get(name) : undefined

/** An envelope is ASCII: its payload holds hex, numbers and a path. */
const toBase64 = (ascii: string): string => btoa(ascii)

/** Why a job is where it is; and for class DX, what an acceptance would pay, and the acceptance itself. */
function clientCalls(http: HttpDeps): Pick<MarketApi, 'acceptance' | 'accept' | 'explain'> {
  const { clock } = http
  return {
    acceptance(orderId, signal) {
      const parse = (body: unknown): AcceptanceOffer => parseMessage(AcceptanceOffer, body, 'acceptance')
      return repeat(() => sendForJson(http, get(`/v1/jobs/${orderId}/acceptance`), parse, signal), clock, signal)
    },
    accept: (orderId, acceptance, signal) =>
      repeat(() => sendOnly(http, post(`/v1/jobs/${orderId}/acceptance`, acceptance), signal), clock, signal),
    explain(orderId, shard, signal) {
      const call = get(`/v1/jobs/${orderId}/explain${shard === undefined ? '' : `?shard=${shard}`}`)
      const parse = (body: unknown): JobExplanation => parseMessage(JobExplanation, body, 'explanation')
      return repeat(() => sendForJson(http, call, parse, signal), clock, signal)
    },
  }
}
