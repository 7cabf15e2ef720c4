import { proveFault } from '@assay/node-kit'
import { durationMs, isMarketError, toMarketError } from '@assay/protocol'
import type { ValidatorContext } from '../context.ts'
import { validatorLimits } from '../limits.ts'

/**
 * Takes every proof that was found to the chain, again and again until its fault is recorded there, by whomever. Without a
 * wallet it does nothing: the proofs wait in the store. Ends when the validator closes.
 */
export async function proveFaults(context: ValidatorContext): Promise<void> {
  const { clock, closing, log, wallet } = context
  if (wallet === undefined) return
  while (!closing.aborted) {
    try {
      await proveOnce(context, wallet)
    } catch (cause) {
      log.error({ error: cause }, 'proofs.broken')
    }
    await clock.sleep(durationMs(validatorLimits.proveMs), closing).catch(() => undefined)
  }
}

async function proveOnce(
  { closing, log, signer, store }: ValidatorContext,
  wallet: NonNullable<ValidatorContext['wallet']>,
): Promise<void> {
  for (const { verdictId, proof } of store.openProofs()) {
    try {
      const sent = await proveFault(wallet, proof, signer.address, closing)
      store.closeProof(verdictId, 'proven')
      log.info({ verdictId, kind: proof.kind, transaction: sent?.transactionHash ?? 'another' }, 'fault.proven')
    } catch (cause) {
      if (closing.aborted) return
      if (isMarketError(cause) && cause.code === 'deadline-passed') store.closeProof(verdictId, 'late')
      log.warn({ verdictId, code: toMarketError(cause).code }, 'fault.unproven')
    }
  }
}
