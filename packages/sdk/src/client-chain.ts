/** The client's own view of the chain: optional, but with it nothing about money is taken on the aggregator's word. */
import type { ChainReader, ChainWriter } from '@assay/core'
import { formatUsdc, MarketError, type Address, type MarketInfo, type UsdcBase } from '@assay/protocol'
import { assertLive } from './faults.ts'

/** What the client uses of a chain. `openClient` builds one from RPC addresses; a caller may bring its own. */
export interface ClientChain {
  readonly reader: ChainReader
  /** Absent = read only: `refund` is then refused. */
  readonly writer?: Pick<ChainWriter, 'refund' | 'sweepToClient'> & Partial<Pick<ChainWriter, 'settleByClient'>>
}

/**
 * Chains that live on one machine, where an escrow that the aggregator names costs nothing to believe. On any other chain
 * the caller says which market it trusts.
 */
export const localChainIds: ReadonlySet<number> = new Set([1337, 31_337])

/** Compares what the aggregator says with the chain. Throws `chain-mismatch` naming the first field. */
export function checkMarketOnChain(info: MarketInfo, { reader }: ClientChain): void {
  const { market } = reader
  const fields = ['chainId', 'escrow', 'token', 'tokenName', 'tokenVersion', 'stakes', 'quorums', 'disputes'] as const
  for (const field of fields) {
    if (info[field] !== market[field]) throw mismatch(field, info[field], market[field])
  }
}

/**
 * Checks that the market is the one the caller means. Throws `chain-mismatch` when it is another one, and `config-invalid`
 * when the caller named none on a chain with real money: a payment to an escrow of the aggregator's choice would be a gift.
 */
export function checkTrustedMarket(
  info: MarketInfo,
  trusted: { readonly chainId: number; readonly escrow: string } | undefined,
): void {
  if (trusted === undefined) {
    if (localChainIds.has(info.chainId)) return
    throw new MarketError(
      'config-invalid',
      `say which market you trust on chain ${info.chainId}: its escrow's address`,
      {
        details: { setting: 'market', chainId: info.chainId },
      },
    )
  }
  if (trusted.chainId !== info.chainId) throw mismatch('chainId', info.chainId, trusted.chainId)
  if (trusted.escrow.toLowerCase() !== info.escrow) throw mismatch('escrow', info.escrow, trusted.escrow.toLowerCase())
}

/** Throws `balance-insufficient` when the wallet holds less than the order escrows. */
export async function checkBalance(
  { reader }: ClientChain,
  wallet: Address,
  needed: UsdcBase,
  signal: AbortSignal,
): Promise<void> {
  const balance = await onChain(signal, () => reader.usdcBalance(wallet, signal))
  if (balance >= needed) return
  throw new MarketError('balance-insufficient', `the wallet holds ${formatUsdc(balance)} USDC; nothing was paid`, {
    details: { wallet, needUsdc: formatUsdc(needed), balanceUsdc: formatUsdc(balance) },
  })
}

const mismatch = (field: string, market: string | number, expected: string | number): MarketError =>
  new MarketError('chain-mismatch', `the aggregator serves another market: its ${field} differs`, {
    details: { field, market, expected },
  })

/** Runs a chain call; an abort becomes `cancelled`, like everywhere in the SDK. */
export async function onChain<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T> {
  assertLive(signal)
  try {
    return await call()
  } catch (error) {
    assertLive(signal)
    throw error
  }
}
