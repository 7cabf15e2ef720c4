/** From an intent to a signed transaction; each throws before anything is signed. */
import { MarketError, type Hex } from '@assay/protocol'
import { keccak256, parseTransaction } from 'viem'
import { toChainError } from './chain-error.ts'
import { assertWithinCaps, raiseFees, type Fees } from './fees.ts'
import { chainLimits } from './limits.ts'
import type { LoggedEffect, SignedTransaction } from './transaction-log.ts'
import type { TransactorContext } from './transactor-options.ts'

/** A contract call with its words for errors. */
export interface Call {
  readonly what: string
  readonly to: Hex
  readonly data: Hex
}

interface Envelope extends Fees {
  readonly to: Hex
  readonly data: Hex
  readonly gas: bigint
  readonly nonce: number
}

/**
 * Signs a call with this nonce. Throws the typed refusal when it would revert, `fee-over-cap`, `gas-insufficient`,
 * `rpc-unavailable`.
 */
export async function signCall(context: TransactorContext, call: Call, nonce: number): Promise<SignedTransaction> {
  const { account, client, options } = context
  const { to, data, what } = call
  const [estimate, fees, balance] = await asking(what, () =>
    Promise.all([
      // By address: with its key viem would ask the node to fill in the transaction first.
      client.estimateGas({ account: account.address, to, data }),
      client.estimateFeesPerGas(),
      client.getBalance({ address: account.address }),
    ]),
  )
  const gas = estimate + (estimate * chainLimits.gasMarginPercent) / 100n
  assertWithinCaps(fees, gas, options)
  const need = gas * fees.maxFeePerGas
  if (balance < need)
    throw new MarketError('gas-insufficient', `${what} failed: the account cannot pay for gas`, {
      details: { what, account: account.address, have: `${balance}`, need: `${need}` },
    })
  return sign(context, { ...fees, to, data, gas, nonce })
}

/** Signs the same transaction with higher fees. Throws `fee-over-cap` when they would pass a cap, `rpc-unavailable`. */
export async function signReplacement(context: TransactorContext, last: SignedTransaction): Promise<SignedTransaction> {
  const { gas, to, data, maxFeePerGas, maxPriorityFeePerGas } = readEnvelope(last)
  const asked = await asking('reading the fees', () => context.client.estimateFeesPerGas())
  const fees = raiseFees({ maxFeePerGas, maxPriorityFeePerGas }, asked)
  assertWithinCaps(fees, gas, context.options)
  return sign(context, { ...fees, to, data, gas, nonce: last.nonce })
}

/** What an effect calls: as it was last signed, or as intended. */
export function callOf({ key, signed, state, to, data }: LoggedEffect): Call {
  const last = signed.at(-1)
  return state === 'signed' && last !== undefined ? { what: key, ...readEnvelope(last) } : { what: key, to, data }
}

function readEnvelope({ raw, nonce }: SignedTransaction): Envelope {
  const { to, data, gas, maxFeePerGas, maxPriorityFeePerGas } = parseTransaction(raw)
  return {
    to: to ?? '0x',
    data: data ?? '0x',
    gas: gas ?? 0n,
    maxFeePerGas: maxFeePerGas ?? 0n,
    maxPriorityFeePerGas: maxPriorityFeePerGas ?? 0n,
    nonce,
  }
}

async function sign({ account, chainId }: TransactorContext, envelope: Envelope): Promise<SignedTransaction> {
  const raw = await account.signTransaction({ type: 'eip1559', chainId, ...envelope })
  return { nonce: envelope.nonce, raw, hash: keccak256(raw) }
}

/** The calls of one step; a failure is one of ours. */
export async function asking<T>(what: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    throw toChainError(error, what)
  }
}
