import { MarketError, type ErrorCode } from '@assay/protocol'

/** The code of a system error, e.g. `ENOENT`. */
export const systemCode = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

/** A file that could not be read or written. A full disk is `storage-full`, anything else the code given. */
export function fileFault(code: ErrorCode, what: string, path: string, cause: unknown): MarketError {
  const reason = systemCode(cause)
  const full = reason === 'ENOSPC' || reason === 'EDQUOT'
  return new MarketError(full ? 'storage-full' : code, `${what}: ${path}`, {
    details: { path, reason: reason === '' ? 'failed' : reason },
    blame: 'client',
    cause,
  })
}
