import { proveFault } from '@assay/node-kit'
import { isMarketError } from '@assay/protocol'
import type { Context } from '../context.ts'
import type { ProofRow } from '../store/faults.ts'

/** Takes a proof to the chain. Repeated until the fault is recorded there, by whomever, or nobody can record it any more. */
export async function runProof(context: Context, { verdictId, proof }: ProofRow, signal: AbortSignal): Promise<void> {
  const { log, signer, store, wallet } = context
  try {
    const sent = await proveFault(wallet, proof, signer.address, signal)
    store.closeProof(verdictId, 'proven')
    log.info({ verdictId, kind: proof.kind, transaction: sent?.transactionHash ?? 'another' }, 'fault.proven')
  } catch (error) {
    if (!isMarketError(error) || error.code !== 'deadline-passed') throw error
    store.closeProof(verdictId, 'late')
  }
}
