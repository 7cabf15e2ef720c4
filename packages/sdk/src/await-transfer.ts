import { deriveDepositAddress, durationMs, formatUsdc, MarketError, type Quote } from '@assay/protocol'
import type { ClientParts } from './client-parts.ts'
import { hasCode } from './faults.ts'
import type { StoredJob } from './job-store.ts'
import { limits } from './limits.ts'
import type { MapOptions } from './map-options.ts'
import { submitStored } from './submit-stored.ts'

/**
 * Names the order's deposit address and submits the job again and again until the aggregator sees the money there. The address
 * is computed here, so a lying aggregator cannot name its own. Throws `order-not-funded` when the quote expires first; what
 * arrives later waits at the address, and `client.refund(orderId)` brings it back.
 */
export async function awaitTransfer(
  parts: ClientParts,
  job: {
    readonly stored: StoredJob
    readonly quote: Quote
    readonly report: NonNullable<MapOptions['onProgress']>
  },
  signal: AbortSignal,
): Promise<void> {
  const { clock, market } = parts
  const { stored, quote, report } = job
  const { orderId, expiresAtMs, maxUsdc } = quote
  const depositAddress = deriveDepositAddress(market, orderId)
  const { chainId, token } = market
  report({ stage: 'awaiting-transfer', orderId, depositAddress, amountUsdc: maxUsdc, chainId, token, expiresAtMs })
  for (;;) {
    try {
      return await submitStored(parts, stored, signal)
    } catch (error) {
      if (!hasCode(error, 'order-not-funded')) throw error
      if (clock.now() + limits.transferPollMs >= expiresAtMs) {
        throw new MarketError(
          'order-not-funded',
          `${formatUsdc(maxUsdc)} USDC did not arrive before the quote expired`,
          {
            details: { orderId, depositAddress },
            cause: error,
          },
        )
      }
      await clock.sleep(durationMs(limits.transferPollMs), signal)
    }
  }
}
