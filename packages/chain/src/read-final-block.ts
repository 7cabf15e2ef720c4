import { BaseError, BlockNotFoundError, InvalidInputRpcError, InvalidParamsRpcError, type PublicClient } from 'viem'
import { chainLimits } from './limits.ts'

/** How a block becomes final: by the node's word, or by blocks on top of it (0: at once). */
export type Finality = 'finalized' | { readonly confirmations: number }

/**
 * Number of the newest final block, below 0 when there is none. A node that does not know the tag `finalized` is asked for its
 * newest block, and `chainLimits.finalConfirmations` on top of a block make it final.
 */
export async function readFinalBlock(client: PublicClient, finality: Finality = 'finalized'): Promise<bigint> {
  if (finality !== 'finalized') return (await client.getBlockNumber()) - BigInt(finality.confirmations)
  try {
    return (await client.getBlock({ blockTag: 'finalized' })).number
  } catch (error) {
    if (!isUnknownTag(error)) throw error
    return (await client.getBlockNumber()) - BigInt(chainLimits.finalConfirmations)
  }
}

/** Refused, in the ways that nodes do it: none of these says that the node cannot be reached. */
function isUnknownTag(error: unknown): boolean {
  const kinds = [BlockNotFoundError, InvalidParamsRpcError, InvalidInputRpcError]
  return error instanceof BaseError && error.walk((inner) => kinds.some((kind) => inner instanceof kind)) !== null
}
