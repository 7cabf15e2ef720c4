import { BaseError, ContractFunctionRevertedError } from 'viem'

/** How a call ended: `ok`, the name of the custom error, or the token's reason. Rejects if it was no revert at all. */
export async function revertName(call: Promise<unknown>): Promise<string> {
  try {
    await call
    return 'ok'
  } catch (error) {
    const revert = error instanceof BaseError && error.walk((e) => e instanceof ContractFunctionRevertedError)
    if (!(revert instanceof ContractFunctionRevertedError)) throw error
    const name = revert.data?.errorName
    return (name === 'Error' ? revert.reason : name) ?? 'no reason'
  }
}
