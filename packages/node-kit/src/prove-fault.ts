import type { DisputeWriter, Sent } from '@assay/core'
import { isMarketError, type Address, type FaultProof } from '@assay/protocol'

/**
 * Sends a proof to the chain. Resolves with `undefined` when somebody else was faster: the fault is recorded all the same. Throws
 * like the writer, `deadline-passed` when it is too late to prove it.
 */
export async function proveFault(
  writer: DisputeWriter,
  proof: FaultProof,
  reporter: Address,
  signal: AbortSignal,
): Promise<Sent | undefined> {
  try {
    switch (proof.kind) {
      case 'equivocation':
        return await writer.proveEquivocation({ ...proof, reporter }, signal)
      case 'conflicting-audits':
        return await writer.proveConflictingAudits({ ...proof, reporter }, signal)
      case 'conflicting-batches':
        return await writer.proveConflictingBatches({ ...proof, reporter }, signal)
    }
  } catch (error) {
    if (!isMarketError(error) || error.code !== 'verdict-exists') throw error
    return undefined
  }
}
