import { bindingConvictions, convictionsOnChain, type Conviction } from '@assay/core'
import {
  deriveOrderId,
  EpochProposal,
  MarketError,
  openEnvelope,
  type Address,
  type JobEvidence,
} from '@assay/protocol'
import type { ValidatorContext } from '../context.ts'

/**
 * Providers in the evidence that were convicted elsewhere after they had committed here: by a verdict that this validator
 * signed, or by one that stands on chain, whichever job, aggregator or quorum it came from. Nothing of theirs may be paid
 * that was not re-run.
 */
export async function knownConvictions(
  context: ValidatorContext,
  evidence: readonly JobEvidence[],
  signal: AbortSignal,
): Promise<ReadonlySet<Address>> {
  const bound = new Set<Address>()
  for (const job of evidence) {
    const orderId = deriveOrderId(context.chain.market, job.terms)
    const epochs = job.epochs.map(({ proposal, leaves }) => ({
      closedAtMs: closeOf(proposal),
      commits: leaves.map(({ commit }) => commit).filter((commit) => commit.orderId === orderId),
    }))
    const providers = new Set(epochs.flatMap(({ commits }) => commits.map(({ provider }) => provider)))
    const convictions: Conviction[] = []
    for (const provider of providers) convictions.push(...(await convictionsOf(context, provider, signal)))
    for (const provider of bindingConvictions(orderId, epochs, convictions)) bound.add(provider)
  }
  return bound
}

/** What the chain has overturned does not count, though this validator once signed it. */
async function convictionsOf(
  { chainFacts, store }: ValidatorContext,
  provider: Address,
  signal: AbortSignal,
): Promise<readonly Conviction[]> {
  const faults = await chainFacts.faultsOf(provider, signal)
  const cleared = new Set(faults.filter(({ guilty }) => !guilty).map(({ verdictId }) => verdictId))
  const own = store.convictionsOf(provider).filter(({ verdictId }) => !cleared.has(verdictId))
  return [...own.map(({ atMs }) => ({ provider, atMs })), ...convictionsOnChain(provider, faults)]
}

function closeOf(proposal: JobEvidence['epochs'][0]['proposal']): EpochProposal['closedAtMs'] {
  try {
    return openEnvelope('epoch/1', EpochProposal, proposal).closedAtMs
  } catch (cause) {
    throw new MarketError('settlement-refused', 'the settlement is refused: proposal-invalid', {
      details: { reason: 'proposal-invalid' },
      cause,
    })
  }
}
