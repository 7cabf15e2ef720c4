/** Asserts on why a call reverted, by custom error or by reason string. */
import assert from 'node:assert/strict'

import { BaseError, ContractFunctionRevertedError } from 'viem'

/** Fails unless the call reverts with this custom error (or one that matches) and, if given, these arguments. */
export async function rejectsWith(
  call: Promise<unknown>,
  name: string | RegExp,
  args?: readonly unknown[],
): Promise<void> {
  const revert = await revertOf(call)
  const got = revert.data?.errorName ?? revert.reason ?? revert.signature ?? 'no reason'
  if (typeof name === 'string') assert.equal(got, name)
  else assert.match(got, name)
  if (args !== undefined) assert.deepEqual(revert.data?.args ?? [], args)
}

/** Fails unless the call reverts with this reason string. */
export async function rejectsWithReason(call: Promise<unknown>, reason: string): Promise<void> {
  const revert = await revertOf(call)
  assert.equal(revert.reason, reason)
}

async function revertOf(call: Promise<unknown>): Promise<ContractFunctionRevertedError> {
  const outcome: unknown = await call.then(
    () => 'it succeeded',
    (error: unknown) => error,
  )
  if (!(outcome instanceof BaseError))
    throw new assert.AssertionError({ message: `expected a revert, but ${String(outcome)}` })
  const revert = outcome.walk((error) => error instanceof ContractFunctionRevertedError)
  if (!(revert instanceof ContractFunctionRevertedError)) throw outcome
  return revert
}
