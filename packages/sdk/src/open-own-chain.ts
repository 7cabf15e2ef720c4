import { asHash, type MarketInfo, type PrivateKey } from '@assay/protocol'
import { onChain, type ClientChain } from './client-chain.ts'

/** Where to ask the chain. */
export interface RpcOptions {
  /** Tried in this order. */
  readonly rpcUrls: readonly string[]
  /** How often to look for a transaction, in milliseconds; default one second. */
  readonly pollMs?: number
  /** First block of the market's contracts, where searches begin; default 0. */
  readonly fromBlock?: number
}

/**
 * Opens the client's own view of the market's chain. With a private key it can also send refunds, which costs gas. Throws
 * `rpc-unavailable`, `chain-mismatch`, `cancelled`.
 */
export async function openOwnChain(
  options: RpcOptions,
  { market, privateKey }: { readonly market: MarketInfo; readonly privateKey?: string },
  signal: AbortSignal,
): Promise<ClientChain> {
  // Loaded only by those who ask for it: a chain library is the largest part of the SDK.
  const { createMemoryLog, openChain, openWallet } = await import('@assay/chain')
  const chain = await onChain(signal, () =>
    openChain({ ...options, chainId: market.chainId, escrow: market.escrow }, signal),
  )
  const { reader } = chain
  if (privateKey === undefined) return { reader }
  return { reader, writer: openWallet(chain, asHash<PrivateKey>(privateKey), createMemoryLog()) }
}
