/** The client: starts jobs, finds them again, gets money back. */
import type { Sent } from '@assay/core'
import {
  MarketError,
  usdc,
  type Address,
  type Hash32,
  type JobView,
  type MarketInfo,
  type OrderId,
  type PublishedCertificate,
  type UsdcBase,
} from '@assay/protocol'
import { checkPublished, type JobCertificate } from './certify-quote.ts'
import type { ClientParts } from './client-parts.ts'
import { findJob, findTerms } from './find-job.ts'
import { createJob, type Job } from './job.ts'
import type { MapOptions, TaskOptions } from './map-options.ts'
import { refundOrder } from './refund-order.ts'
import type { ShardInput } from './shard-input.ts'
import { certifyOnly, quoteJob, startJob, type PricedJob } from './start-job.ts'

/** Every method throws `MarketError` only. Disposing the client cancels what it is doing; nothing else is held open. */
export interface Client extends AsyncDisposable {
  /** Who pays. */
  readonly address: Address
  /** What the aggregator said of its market at opening, checked. */
  readonly market: MarketInfo
  /** State of the spending cap: see `ClientOptions.spendingCapUsdc`. */
  spending(): { readonly capUsdc: UsdcBase; readonly takenUsdc: UsdcBase; readonly leftUsdc: UsdcBase }
  /**
   * Runs a command over many inputs, one shard each, and returns once the aggregator has taken the job. Before any money
   * moves it throws `spec-invalid`, `input-missing`, `input-too-large`, `budget-too-small`, `cap-exceeded`,
   * `balance-insufficient`, `no-providers`, `no-quorum`, `image-unknown`, `terms-mismatch`, `quote-expired`, `blob-mismatch`,
   * `market-unreachable` or `cancelled`. A failure whose details name an `orderId` came after signing: call `job(orderId)`.
   */
  map(options: MapOptions): Promise<Job>
  /**
   * What the job would cost and what verification buys for it, checked as `map` checks it. Nothing is uploaded, signed or paid;
   * the spending cap is not asked. Throws like `map` before it pays.
   */
  quote(options: MapOptions): Promise<PricedJob>
  /** Runs a command once: a job of one shard, called `result` unless the input has a name. Throws like `map`. */
  run(options: TaskOptions & { readonly input?: ShardInput }): Promise<Job>
  /**
   * Has the quorum certify a job's program without buying anything: the job's inputs are uploaded, every member runs one shard
   * twice, and all that agree sign. Throws like `map`, `certificate-refused` with what differs, `certificate-revoked`, `certify-incomplete`.
   */
  certify(options: MapOptions): Promise<JobCertificate>
  /** A published certificate with its revocation, if any; nothing is checked. Throws `certificate-unknown`. */
  certificate(id: Hash32, signal?: AbortSignal): Promise<PublishedCertificate>
  /**
   * Checks a certificate against the market and, with RPC addresses, against the quorum on chain. Throws
   * `certificate-invalid`, `certificate-revoked`.
   */
  checkCertificate(certificate: PublishedCertificate, signal?: AbortSignal): Promise<JobCertificate>
  /** Finds a job of this client again, after a crash or elsewhere. Throws `job-unknown`, `unauthorized`. */
  job(orderId: OrderId, signal?: AbortSignal): Promise<Job>
  /** The newest jobs of this client at the aggregator, without their attempts. */
  jobs(signal?: AbortSignal): Promise<readonly JobView[]>
  /**
   * Takes an order's money back on chain: all of it from `refundAt` on, what a settlement left, or what was transferred to
   * its deposit address and did not fund it. Needs RPC addresses and gas. Throws `config-invalid` without a chain, `too-early` or `nothing-due`.
   */
  refund(orderId: OrderId, signal?: AbortSignal): Promise<Sent>
}

/** A client from its parts; `openClient` makes them. */
export function createClient(parts: ClientParts, signal: AbortSignal): Client {
  const closed = new AbortController()
  const life = AbortSignal.any([signal, closed.signal])
  const either = (own: AbortSignal | undefined): AbortSignal =>
    own === undefined ? life : AbortSignal.any([own, life])
  const map = async (options: MapOptions): Promise<Job> =>
    createJob(parts, await startJob(parts, options, either(options.signal)), life)
  return {
    address: parts.signer.address,
    market: parts.market,
    spending: () => ({
      capUsdc: parts.cap.capUsdc,
      takenUsdc: parts.cap.takenUsdc(),
      leftUsdc: parts.cap.leftUsdc(),
    }),
    map,
    certify: (options) => certifyOnly(parts, options, either(options.signal)),
    certificate: (id, own) => parts.api.certificate(id, either(own)),
    checkCertificate: (certificate, own) => checkPublished(parts, certificate, either(own)),
    quote: (options) => quoteJob(parts, options, either(options.signal)),
    run: ({ input, ...task }) => map({ ...task, inputs: [input ?? { name: 'result', files: [] }] }),
    job: async (orderId, own) => createJob(parts, await findJob(parts, orderId, either(own)), life),
    jobs: (own) => parts.api.jobs({ signer: parts.signer, market: parts.market }, either(own)),
    refund: (orderId, own) => refund(parts, orderId, either(own)),
    [Symbol.asyncDispose]: async () => closed.abort(),
  }
}

async function refund(parts: ClientParts, orderId: OrderId, signal: AbortSignal): Promise<Sent> {
  const { chain, cap } = parts
  const writer = chain?.writer
  if (chain === undefined || writer === undefined) {
    throw new MarketError('config-invalid', 'a refund needs your own RPC addresses and a private key for the gas', {
      details: { setting: 'chain' },
    })
  }
  const terms = await findTerms(parts, orderId, signal)
  const { sent, overdue } = await refundOrder({ reader: chain.reader, writer }, terms, signal)
  // Refunded as a whole: the order cost nothing. After a settlement only its receipt says what it cost.
  if (overdue) cap.settle(orderId, usdc(0n))
  return sent
}
