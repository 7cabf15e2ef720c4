/** Opening a client: who pays, how much at most, in which market. */
import type { Clock } from '@assay/core'
import {
  MarketError,
  parseUsdc,
  type DigestSigner,
  type MarketDomain,
  type MarketInfo,
  type UsdcBase,
} from '@assay/protocol'
import { createClient, type Client } from './client.ts'
import { checkMarketOnChain, checkTrustedMarket, type ClientChain } from './client-chain.ts'
import type { Fetch } from './http.ts'
import { createMemoryJobStore, type JobStore } from './job-store.ts'
import { createMarketApi } from './market-api.ts'
import { openOwnChain, type RpcOptions } from './open-own-chain.ts'
import { createSigner } from './signer.ts'
import { createSpendingCap } from './spending-cap.ts'
import { systemClock } from './system-clock.ts'

export interface ClientOptions {
  /** Address of an aggregator, e.g. `http://127.0.0.1:8090`. */
  readonly aggregator: string
  /** The key that pays: `0x` and 64 hex digits. Either this or `signer`. */
  readonly privateKey?: string
  /** Signs 32-byte digests with such a key, deterministically (RFC 6979). */
  readonly signer?: DigestSigner
  /**
   * Most that this client instance may have at stake at any time, in whole USDC, e.g. `2.50`. An order takes its whole
   * `maxUsdc` from the cap just before it is signed. What it did not cost is free again only once proven: by a verified
   * receipt, or by a refund that this client saw on chain; never on the aggregator's word. Other instances, and jobs found
   * again with `job()`, do not count, unless `job()` has to submit one again.
   */
  readonly spendingCapUsdc: string
  /**
   * The market you trust: chain and escrow contract. Needed on every chain but local ones (1337 and 31337), where the
   * aggregator's word is taken: the payment goes to this contract, so it may not be of the aggregator's choice.
   */
  readonly market?: MarketDomain
  /** Your own view of the chain: RPC addresses, or ready-made parts. With it nothing about money is taken on trust. */
  readonly chain?: RpcOptions | ClientChain
  /** Where signed jobs are kept; default: in memory. */
  readonly store?: JobStore
  /** Default: the platform's. */
  readonly fetch?: Fetch
  /** Default: the platform's. */
  readonly clock?: Clock
  /** Ends everything that the client does. */
  readonly signal?: AbortSignal
}

/**
 * Reads the market and checks it. Throws `config-invalid` naming the setting, `market-unreachable`, `chain-mismatch` when the
 * aggregator serves another market than you trust or than your chain shows, `rpc-unavailable`, `cancelled`.
 */
export async function openClient(options: ClientOptions): Promise<Client> {
  const capUsdc = readCap(options.spendingCapUsdc)
  const signer = readSigner(options)
  const clock = options.clock ?? systemClock
  // Called through a closure: browsers refuse a `fetch` that lost its window.
  const fetch: Fetch = options.fetch ?? ((url, init) => globalThis.fetch(url, init))
  const api = createMarketApi({ baseUrl: readAddress(options.aggregator), fetch, clock })
  const signal = options.signal ?? new AbortController().signal
  const market = await api.market(signal)
  checkTrustedMarket(market, options.market ?? trustedBy(options.chain))
  const chain = await openChainOf(options, market, signal)
  if (chain !== undefined) checkMarketOnChain(market, chain)
  const store = options.store ?? createMemoryJobStore()
  return createClient({ api, clock, signer, market, cap: createSpendingCap(capUsdc), store, chain }, signal)
}

/** Whoever brings a reader has chosen its escrow. */
const trustedBy = (chain: ClientOptions['chain']): MarketDomain | undefined =>
  chain !== undefined && 'reader' in chain ? chain.reader.market : undefined

async function openChainOf(
  { chain, privateKey }: ClientOptions,
  market: MarketInfo,
  signal: AbortSignal,
): Promise<ClientChain | undefined> {
  if (chain === undefined || 'reader' in chain) return chain
  return openOwnChain(chain, { market, ...(privateKey !== undefined && { privateKey }) }, signal)
}

function readCap(text: string): UsdcBase {
  const cap = parseUsdc(text)
  if (cap === undefined || cap === 0n) throw wrong('spendingCapUsdc', 'is not an amount of USDC such as 2.50')
  return cap
}

function readSigner({ privateKey, signer }: ClientOptions): DigestSigner {
  if ((privateKey === undefined) === (signer === undefined))
    throw wrong('privateKey', 'or signer must be given, not both')
  return signer ?? createSigner(privateKey ?? '')
}

function readAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const plain = url !== undefined && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === ''
  if (!plain) throw wrong('aggregator', 'is not an http or https address')
  return url.href
}

const wrong = (setting: string, problem: string): MarketError =>
  new MarketError('config-invalid', `${setting} ${problem}`, { details: { setting } })
