import type { ChainMarket, ChainReader } from '@assay/core'
import { asAddress, MarketError, type Address } from '@assay/protocol'
import { createPublicClient, fallback, getContract, http, type PublicClient } from 'viem'
import { escrowAbi } from './abi/escrow.ts'
import { stakesAbi } from './abi/stakes.ts'
import { usdcAbi } from './abi/usdc.ts'
import { callChain } from './chain-error.ts'
import { createReader } from './create-reader.ts'
import { chainLimits } from './limits.ts'

export interface ChainOptions {
  /** Tried in this order; the next one answers when one does not. */
  readonly rpcUrls: readonly string[]
  readonly escrow: Address
  /** Refuses another chain with `chain-mismatch`. */
  readonly chainId?: number
  /** How often to look for a receipt; default 1 s, less on local chains. */
  readonly pollMs?: number
  /** First block of the market's contracts, for event searches; default 0. */
  readonly fromBlock?: number
}

/** A market on a chain: reads through `reader`, and the client for whoever writes. */
export interface Chain {
  readonly reader: ChainReader
  readonly client: PublicClient
}

/** Connects and reads the market's addresses from its escrow. Throws `rpc-unavailable`, `chain-mismatch`. */
export async function openChain(options: ChainOptions, signal: AbortSignal): Promise<Chain> {
  const transports = options.rpcUrls.map((url) =>
    http(url, { timeout: chainLimits.rpcMs, retryCount: chainLimits.rpcRetries }),
  )
  const client = createPublicClient({
    transport: fallback(transports),
    pollingInterval: options.pollMs ?? 1_000,
    cacheTime: 0,
  })
  const chainId = await callChain('reading the chain id', signal, () => client.getChainId())
  if (options.chainId !== undefined && options.chainId !== chainId)
    throw new MarketError('chain-mismatch', 'the RPC serves another chain', {
      details: { have: chainId, need: options.chainId },
    })
  const market = await readMarket(client, chainId, options.escrow, signal)
  return { client, reader: createReader(client, market, BigInt(options.fromBlock ?? 0)) }
}

async function readMarket(
  client: PublicClient,
  chainId: number,
  escrow: Address,
  signal: AbortSignal,
): Promise<ChainMarket> {
  const code = await callChain('reading the escrow', signal, () => client.getCode({ address: escrow }))
  if (code === undefined)
    throw new MarketError('chain-mismatch', 'no contract at the escrow address on this chain', {
      details: { chainId, escrow },
    })
  const { read } = getContract({ address: escrow, abi: escrowAbi, client })
  return callChain('reading the market', signal, async () => {
    const [token, stakes, quorums] = await Promise.all([read.TOKEN(), read.STAKES(), read.QUORUMS()])
    const usdc = getContract({ address: token, abi: usdcAbi, client })
    const [disputes, tokenName, tokenVersion] = await Promise.all([
      client.readContract({ address: stakes, abi: stakesAbi, functionName: 'DISPUTES' }),
      usdc.read.name(),
      usdc.read.version(),
    ])
    const addresses = {
      token: asAddress(token),
      stakes: asAddress(stakes),
      quorums: asAddress(quorums),
      disputes: asAddress(disputes),
    }
    return { chainId, escrow, tokenName, tokenVersion, ...addresses }
  })
}
