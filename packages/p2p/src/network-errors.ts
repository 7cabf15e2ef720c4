/** What went wrong below, in the market's codes. */
import { MarketError } from '@assay/protocol'

/** A failed dial or protocol negotiation. The caller's own abort stays what it was. */
export function toOpenError(cause: unknown, signal: AbortSignal, details: Readonly<Record<string, string>>): unknown {
  if (signal.aborted) return signal.reason
  if (cause instanceof Error && cause.name === 'UnsupportedProtocolError')
    return new MarketError('protocol-unsupported', 'the peer does not speak the protocol', { details, cause })
  return new MarketError('peer-unreachable', 'the peer could not be reached', { details, cause })
}
