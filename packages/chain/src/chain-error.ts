import { MarketError, toMarketError, type ErrorCode, codeOfRevert } from '@assay/protocol'
import {
  type Abi,
  BaseError,
  ContractFunctionRevertedError,
  ContractFunctionZeroDataError,
  decodeErrorResult,
  ExecutionRevertedError,
  InsufficientFundsError,
  isHex,
  type Hex,
} from 'viem'
import { allAbis, codeOfText } from './revert-table.ts'

/** A contract's refusal in our words. */
export interface Revert {
  /** `transaction-reverted` for a reason that no contract of ours gives. */
  readonly code: ErrorCode
  /** Name of the custom error, the words of `Error(string)`, or `Panic`. */
  readonly reason: string
  /** The arguments by name, as text. */
  readonly facts: Readonly<Record<string, string>>
}

type Details = Record<string, string>

/** Without the literal types of each contract: the token's `Error(string)` is in none of them. */
const abi: Abi = allAbis

/**
 * Any viem failure as one of ours. A refusal gets the code of its reason, with `details.reason` and the error's arguments; a
 * node that does not answer, or not with an answer, is `rpc-unavailable`; an account without coins for gas `gas-insufficient`;
 * an address without such a contract `chain-mismatch`; what is no failure of the chain is `internal`.
 */
export function toChainError(error: unknown, what: string): MarketError {
  if (!(error instanceof BaseError)) return toMarketError(error)
  const refuse = (code: ErrorCode, message: string, details: Details): MarketError =>
    new MarketError(code, message, { details: { what, ...details }, cause: error })
  const revert = findRevert(error)
  if (revert !== undefined) {
    const args = Object.values(revert.facts).join(', ').slice(0, 500)
    const { code, reason, facts } = revert
    return refuse(code, `${what} was reverted: ${args === '' ? reason : `${reason}(${args})`}`, {
      ...facts,
      reason,
      args,
    })
  }
  const reason = error.shortMessage.slice(0, 300)
  if (isPoverty(error)) return refuse('gas-insufficient', `${what} failed: the account cannot pay for gas`, { reason })
  if (has(error, ContractFunctionZeroDataError))
    return refuse('chain-mismatch', `${what} failed: no such contract at this address`, { reason })
  return refuse('rpc-unavailable', `${what} failed: ${error.shortMessage}`, { reason })
}

/** Awaits viem calls; rejects with the signal's reason when aborted first, and with a `MarketError` when a call fails. */
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

/** What the bytes of a refusal say: of a failed call, or of an event that reports one. */
export function decodeRevert(data: Hex): Revert {
  if (data === '0x') return { code: 'transaction-reverted', reason: 'no reason', facts: {} }
  try {
    const { abiItem, args, errorName } = decodeErrorResult({ abi, data })
    const values: readonly unknown[] = args ?? []
    const [first] = values
    if (errorName === 'Error') return ofText(String(first).slice(0, 300))
    const inputs = 'inputs' in abiItem ? abiItem.inputs : []
    const facts = Object.fromEntries(inputs.map(({ name }, index) => [name || `${index}`, short(values[index])]))
    return { code: codeOfRevert(errorName) ?? 'transaction-reverted', reason: errorName, facts }
  } catch {
    return { code: 'transaction-reverted', reason: `unknown error ${data.slice(0, 10)}`, facts: {} }
  }
}

const ofText = (reason: string): Revert => ({
  code: codeOfText(reason) ?? 'transaction-reverted',
  reason,
  facts: {},
})

const short = (value: unknown): string => String(value).slice(0, 200)

/** The refusal inside a viem error: its bytes where the node hands them on, else the node's words. */
function findRevert(error: BaseError): Revert | undefined {
  const reverted = error.walk((inner) => inner instanceof ContractFunctionRevertedError)
  if (reverted instanceof ContractFunctionRevertedError) {
    if (reverted.raw !== undefined) return decodeRevert(reverted.raw)
    return ofText(reverted.reason ?? reverted.shortMessage)
  }
  const carrier = error.walk((inner) => bytesOf(inner) !== undefined)
  const bytes = bytesOf(carrier)
  if (bytes !== undefined) return decodeRevert(bytes)
  const refused = error.walk((inner) => inner instanceof ExecutionRevertedError)
  return refused instanceof BaseError ? ofText(refused.details || refused.shortMessage) : undefined
}

/** Nodes put the bytes of a refusal into `data`, some into `data.data`. */
function bytesOf(error: unknown): Hex | undefined {
  if (typeof error !== 'object' || error === null || !('data' in error)) return undefined
  const { data } = error
  if (isHex(data)) return data
  if (typeof data === 'object' && data !== null && 'data' in data && isHex(data.data)) return data.data
  return undefined
}

const has = (error: BaseError, kind: abstract new (...args: never[]) => unknown): boolean =>
  error.walk((inner) => inner instanceof kind) !== null

/** Nodes have no code for it. */
export function isPoverty(error: BaseError): boolean {
  const text = `${error.details} ${error.shortMessage}`.toLowerCase()
  return has(error, InsufficientFundsError) || /insufficient ?funds|enough funds/.test(text)
}
