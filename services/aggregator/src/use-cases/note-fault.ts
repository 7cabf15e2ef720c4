import { checkFaultProof } from '@assay/core'
import { SignedCommit, type Address, type FaultProof, type MarketError, type OrderTerms } from '@assay/protocol'
import type { Context } from '../context.ts'

/** Keeps what convicts an operator by arithmetic; planning sends it to the chain. What proves nothing is dropped. */
export function noteFault({ chain, clock, log, store, wake }: Context, proof: FaultProof): void {
  const found = checkFaultProof(chain.market, proof)
  if (found === undefined || !store.addProof({ verdictId: found.verdictId, proof }, clock.now())) return
  log.warn({ kind: proof.kind, orderId: found.orderId, accused: found.accused }, 'fault.found')
  wake()
}

/** A second commit of an attempt that has one. */
export function noteCommit(context: Context, terms: OrderTerms, first: SignedCommit, second: SignedCommit): void {
  if (first.commitment !== second.commitment) noteFault(context, { kind: 'equivocation', terms, first, second })
}

/** A member that refuses an epoch because it holds another commit of an attempt says which: with ours it may convict. */
export function noteRefusal(context: Context, validator: Address, { details }: Pick<MarketError, 'details'>): void {
  if (details['rule'] !== 'one-commit-an-attempt') return
  const commits = (['held', 'asked'] as const).map((side) => {
    const { orderId, shard, attempt } = details
    const part = (name: string) => details[`${side}${name}`]
    return SignedCommit.safeParse({
      orderId,
      shard,
      attempt,
      provider: part('Provider'),
      commitment: part('Commitment'),
      sealedHash: part('SealedHash'),
      signature: part('Signature'),
    }).data
  })
  const [first, second] = commits
  const terms = first && context.store.job(first.orderId)?.terms
  if (first === undefined || second === undefined || terms === undefined) return
  context.log.info({ validator, orderId: first.orderId, provider: first.provider }, 'commits.differ')
  noteCommit(context, terms, first, second)
}
