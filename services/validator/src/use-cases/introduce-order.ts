import { orderAmount } from '@assay/core'
import {
  deriveOrderId,
  deriveSpecHash,
  MarketError,
  toUnixMs,
  type Address,
  type ValidatorReply,
  type ValidatorRequest,
} from '@assay/protocol'
import type { ValidatorContext } from '../context.ts'

export type IntroduceRequest = Extract<ValidatorRequest, { type: 'introduce' }>

/**
 * Makes an order known once it is funded, is this quorum's to judge, and can be settled at all.
 * Throws `lease-invalid`, `order-not-funded`, `no-quorum`, `deadline-passed`.
 */
export async function introduceOrder(
  context: ValidatorContext,
  { terms, spec }: IntroduceRequest,
  from: Address,
  signal: AbortSignal,
): Promise<ValidatorReply> {
  const { chain, chainFacts, clock, signer, store } = context
  const orderId = deriveOrderId(chain.market, terms)
  if (store.order(orderId) !== undefined) return { type: 'known' }
  if (terms.aggregator !== from) throw invalid('it is another aggregator’s order')
  if (deriveSpecHash(spec) !== terms.specHash) throw invalid('the spec does not hash to the terms')
  if (spec.client !== terms.client) throw invalid('the spec is by another client')
  if (spec.determinism !== 'D1' && spec.determinism !== 'D2')
    throw invalid('no quorum can compare results of this class')
  if (terms.maxAmount < orderAmount(spec, terms.feeBps).maxUsdc)
    throw invalid('it does not hold what the spec can cost')

  const quorum = await chainFacts.quorum(terms.quorumId, signal)
  if (quorum === undefined || !quorum.members.includes(signer.address))
    throw new MarketError('no-quorum', 'this validator is no member of the quorum', {
      details: { quorumId: terms.quorumId },
    })
  const order = await chain.order(orderId, signal)
  if (order.status !== 'funded') {
    throw new MarketError('order-not-funded', 'the order is not funded on chain', {
      blame: 'aggregator',
      details: { orderId, status: order.status },
    })
  }
  if (clock.now() >= toUnixMs(terms.settleBy))
    throw new MarketError('deadline-passed', 'the order can no longer be settled')
  store.addOrder({ orderId, terms, spec })
  return { type: 'known' }
}

const invalid = (reason: string): MarketError =>
  new MarketError('lease-invalid', `the order cannot be judged: ${reason}`, { details: { reason } })
