/** The faults that the SDK itself raises on the way: nobody answers, or the caller gave up. */
import { isMarketError, MarketError, type ErrorCode } from '@assay/protocol'

/** No usable answer from the aggregator. */
export const unreachable = (reason: string, details: Record<string, string | number>, cause?: unknown): MarketError =>
  new MarketError('market-unreachable', `the aggregator cannot be reached: ${reason}`, {
    details: { reason, ...details },
    cause,
  })

/** The caller's signal was aborted. */
export const cancelled = (signal: AbortSignal): MarketError =>
  new MarketError('cancelled', 'the caller cancelled', { cause: signal.reason })

/** Throws `cancelled` once the signal is aborted. */
export function assertLive(signal: AbortSignal): void {
  if (signal.aborted) throw cancelled(signal)
}

/** Whether the same call may get through a moment later: the aggregator was not reached, or asked for a pause. */
export const isTransient = (error: unknown): boolean =>
  isMarketError(error) && (error.code === 'market-unreachable' || error.code === 'rate-limited')

/** What was thrown, as an error. */
export const asError = (thrown: unknown): Error =>
  thrown instanceof Error
    ? thrown
    : new MarketError('internal', 'something that is no error was thrown', { cause: thrown })

/** Whether `error` is a `MarketError` with this code. */
export const hasCode = (error: unknown, code: ErrorCode): boolean => isMarketError(error) && error.code === code
