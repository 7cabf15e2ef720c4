import type { ChainMarket, ChainReader } from '@assay/core'
import { asAddress, isMarketError, MarketError, type Address } from '@assay/protocol'
import { createPublicClient, fallback, getContract, http, type PublicClient } from 'viem'
import { escrowAbi } from './abi/escrow.ts'
import { stakesAbi } from './abi/stakes.ts'
import { callChain } from './chain-error.ts'
import { assertToken, readToken } from './check-token.ts'
import { createReader } from './create-reader.ts'
import { chainLimits } from './limits.ts'
import { networkOf, type NetworkToken } from './networks.ts'
import type { Connection } from './transactor-options.ts'

export interface ChainOptions {
  /** Tried in this order; the next one answers when one does not. Transactions go to all of them. */
  readonly rpcUrls: readonly string[]
  readonly escrow: Address
  /** Refuses another chain with `chain-mismatch`. */
  readonly chainId?: number
  /** How often to look for a receipt or a new block; default 1 s, less on local chains. */
  readonly pollMs?: number
  /** First block of the market's contracts, for event searches; default 0. */
  readonly fromBlock?: number
  /** The token that the market must use; default: the one of its network (`networks`), any well-formed one elsewhere. */
  readonly token?: NetworkToken
}

/** A market on a chain: reads through `reader`, and the connections for whoever writes or follows. */
export interface Chain extends Connection {
  readonly reader: ChainReader
  /** First block of the market's contracts. */
  readonly fromBlock: number
}

/** USDC has six everywhere; amounts are 64 bits wide, too few for 18. */
const TOKEN_DECIMALS = 6

/**
 * Connects, reads the market's addresses from its escrow, and checks its token. Throws `rpc-unavailable` when no URL answers,
 * `chain-mismatch` when one serves another chain or there is no escrow, `token-mismatch` when the token is not the expected one.
 */
export async function openChain(options: ChainOptions, signal: AbortSignal): Promise<Chain> {
  const transports = options.rpcUrls.map((url) =>
    http(url, { timeout: chainLimits.rpcMs, retryCount: chainLimits.rpcRetries }),
  )
  const shared = { pollingInterval: options.pollMs ?? 1_000, cacheTime: 0 }
  const clients = transports.map((transport) => createPublicClient({ ...shared, transport }))
  // Each URL is tried again by itself; trying all of them again would multiply the wait.
  const client = createPublicClient({ ...shared, transport: fallback(transports, { retryCount: 0 }) })
  const chainId = await readChainId(client, options, signal)
  const market = await readMarket(client, chainId, options, signal)
  const fromBlock = options.fromBlock ?? 0
  return { client, clients, chainId, fromBlock, reader: createReader(client, market, BigInt(fromBlock)) }
}

/**
 * Asks every URL: one that serves another chain would answer questions as well. One that is silent now does not hold up the
 * others; what is signed for one chain is worth nothing on another in any case.
 */
async function readChainId(
  client: PublicClient,
  { rpcUrls, chainId: expected }: ChainOptions,
  signal: AbortSignal,
): Promise<number> {
  if (rpcUrls.length === 0)
    throw new MarketError('config-invalid', 'no RPC URL was given', { details: { field: 'rpcUrls' } })
  const probes = rpcUrls.map((url) => http(url, { timeout: chainLimits.probeMs, retryCount: 0 }))
  const answers = await callChain('reading the chain id', signal, () =>
    Promise.allSettled(probes.map((transport) => createPublicClient({ transport }).getChainId())),
  )
  const ids = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
  if (ids.length === 0) ids.push(await callChain('reading the chain id', signal, () => client.getChainId()))
  const need = expected ?? ids[0] ?? 0
  const have = ids.find((id) => id !== need)
  if (have === undefined) return need
  throw new MarketError('chain-mismatch', 'an RPC serves another chain', { details: { have, need } })
}

async function readMarket(
  client: PublicClient,
  chainId: number,
  { escrow, token: expected }: ChainOptions,
  signal: AbortSignal,
): Promise<ChainMarket> {
  const code = await callChain('reading the escrow', signal, () => client.getCode({ address: escrow }))
  if (code === undefined)
    throw new MarketError('chain-mismatch', 'no contract at the escrow address on this chain', {
      details: { chainId, escrow },
    })
  const { token, stakes, quorums, disputes } = await readAddresses(client, escrow, signal)
  const facts = await readToken(client, asAddress(token), signal)
  const own = { ...facts, name: facts.name ?? '', version: facts.version ?? '', decimals: TOKEN_DECIMALS }
  assertToken(facts, { ...(expected ?? networkOf(chainId)?.token ?? own), chainId })
  return {
    chainId,
    escrow,
    tokenName: own.name,
    tokenVersion: own.version,
    token: asAddress(token),
    stakes: asAddress(stakes),
    quorums: asAddress(quorums),
    disputes: asAddress(disputes),
  }
}

async function readAddresses(client: PublicClient, escrow: Address, signal: AbortSignal) {
  const { read } = getContract({ address: escrow, abi: escrowAbi, client })
  try {
    return await callChain('reading the market', signal, async () => {
      const [token, stakes, quorums] = await Promise.all([read.TOKEN(), read.STAKES(), read.QUORUMS()])
      const disputes = await client.readContract({ address: stakes, abi: stakesAbi, functionName: 'DISPUTES' })
      return { token, stakes, quorums, disputes }
    })
  } catch (error) {
    if (!isMarketError(error) || error.code !== 'transaction-reverted') throw error
    throw new MarketError('chain-mismatch', 'the contract at the escrow address is no escrow', {
      details: { escrow },
      cause: error,
    })
  }
}
