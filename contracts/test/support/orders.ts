/** Brings orders into the states that tests start from. */
import { type Hex, keccak256 } from 'viem'

import {
  type Payout,
  ROOT,
  TYPES,
  type Terms,
  batchDigest,
  domainOf,
  orderIdOf,
  quorumSigns,
  someBatch,
  someTerms,
} from './messages.ts'
import { type Actor, type World, as } from './world.ts'

export interface FundedOrder {
  readonly terms: Terms
  readonly id: Hex
}

export async function fundedOrder(world: World, changes: Partial<Terms> = {}): Promise<FundedOrder> {
  const terms = await someTerms(world, changes)
  await world.mined(world.escrow.write.fund([terms], as(world.client)))
  return { terms, id: orderIdOf(world, terms) }
}

/** Funds an order and settles it by its quorum: payouts as given, the rest of the order unspent. */
export async function settledOrder(
  world: World,
  payouts: Payout[],
  { fee = 0n, ...changes }: Partial<Terms> & { fee?: bigint } = {},
): Promise<FundedOrder> {
  const order = await fundedOrder(world, changes)
  const charged = payouts.reduce((sum, { amount }) => sum + amount, fee)
  await settle(world, [{ orderId: order.id, charged }], payouts, fee)
  return order
}

export async function settle(
  world: World,
  charges: { orderId: Hex; charged: bigint }[],
  payouts: Payout[],
  fee = 0n,
): Promise<void> {
  const batch = someBatch(world, charges, payouts, { fee })
  const signatures = await quorumSigns(world, batchDigest(world, batch))
  await world.mined(world.escrow.write.settle([batch, signatures], as(world.stranger)))
}

export interface Acceptance {
  readonly payouts: Hex
  readonly fee: bigint
}

/** The client's acceptance of its own order; `signer` is the client's key, or the key of its wallet contract. */
export function signAcceptance(
  world: World,
  terms: Terms,
  { payouts, fee }: Acceptance,
  signer: Actor = world.client,
): Promise<Hex> {
  return signer.account.signTypedData({
    domain: domainOf(world.chainId, world.escrow.address),
    types: TYPES,
    primaryType: 'ClientAcceptance',
    message: { orderId: orderIdOf(world, terms), payoutsHash: keccak256(payouts), fee, resultsRoot: ROOT },
  })
}
