import { MarketError, type ErrorCode } from '@assay/protocol'
import { BaseError, ContractFunctionRevertedError, HttpRequestError, TimeoutError } from 'viem'

/** Revert reasons that callers act on; every other one is `transaction-reverted` with its name in the details. */
const revertCodes: Readonly<Record<string, ErrorCode>> = {
  OrderExists: 'order-exists',
  OrderUnknown: 'order-not-funded',
  OrderClosed: 'order-exists',
  TooLate: 'deadline-passed',
  QuorumNotMet: 'no-quorum',
  InsufficientStake: 'stake-insufficient',
}

/** Any viem failure as one of ours: a decoded revert, or an RPC that does not answer. */
export function toChainError(error: unknown, what: string): MarketError {
  if (error instanceof MarketError) return error
  if (!(error instanceof BaseError)) return new MarketError('rpc-unavailable', `${what} failed`, { cause: error })
  const revert = error.walk((inner) => inner instanceof ContractFunctionRevertedError)
  if (revert instanceof ContractFunctionRevertedError) {
    const reason = revert.data?.errorName ?? revert.reason ?? 'unknown'
    const args = (revert.data?.args ?? []).map(String).join(', ')
    const details = { what, reason, args: args.slice(0, 500) }
    return new MarketError(revertCodes[reason] ?? 'transaction-reverted', `${what} was reverted: ${reason}(${args})`, {
      details,
      cause: error,
    })
  }
  const unreachable = error.walk((inner) => inner instanceof HttpRequestError || inner instanceof TimeoutError) !== null
  const details = { what, reason: error.shortMessage.slice(0, 300) }
  return new MarketError(
    unreachable ? 'rpc-unavailable' : 'transaction-reverted',
    `${what} failed: ${error.shortMessage}`,
    { details, cause: error },
  )
}

/** Awaits a viem call; rejects with the signal's reason when aborted first, and with a `MarketError` when the call fails. */
export async function callChain<T>(what: string, signal: AbortSignal, call: () => Promise<T>): Promise<T> {
  signal.throwIfAborted()
  const aborted = Promise.withResolvers<never>()
  const onAbort = (): void => aborted.reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([call(), aborted.promise])
  } catch (error) {
    signal.throwIfAborted()
    throw toChainError(error, what)
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
