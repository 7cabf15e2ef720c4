/** Orders paid by authorization, one or many, and what `fundMany` says about those it skipped. */
import { type Hex, type TransactionReceipt, decodeErrorResult, parseAbi, parseEventLogs, sliceHex } from 'viem'

import { escrowAbi } from '../../../packages/chain/src/abi/escrow.ts'
import { FAR_FUTURE, type Terms, orderIdOf, signAuthorization } from './messages.ts'
import type { Actor, World } from './world.ts'

/** What a funding can fail with: errors of the escrow, and the token's reasons. */
const REASONS = [...escrowAbi, ...parseAbi(['error Error(string reason)'])] as const

export interface Funding {
  terms: Terms
  validAfter: bigint
  validBefore: bigint
  signature: Hex
}

/** An order with its payment, signed by the client, or by the key of a contract wallet that is the client. */
export async function signedFunding(world: World, terms: Terms, signer: Actor = world.client): Promise<Funding> {
  const pay = { from: signer, payer: terms.client, to: world.escrow.address, value: terms.maxAmount }
  const signature = await signAuthorization(world, { ...pay, nonce: orderIdOf(world, terms) })
  return { terms, validAfter: 0n, validBefore: FAR_FUTURE, signature }
}

/** As `fundWithAuthorization` takes it. */
export function fundingArgs({ terms, validAfter, validBefore, signature }: Funding) {
  return [terms, validAfter, validBefore, signature] as const
}

/** Order id and reason of all that was skipped: name of the error and its arguments, or the token's reason, or its bytes. */
export function skipsIn({ logs }: Pick<TransactionReceipt, 'logs'>): [Hex, string, readonly unknown[]][] {
  return parseEventLogs({ abi: escrowAbi, logs, eventName: 'FundingSkipped' }).map(({ args }) => {
    if (args.reason === '0x') return [args.orderId, 'no reason', []]
    if (sliceHex(args.reason, 0, 4) === '0x00000000') return [args.orderId, args.reason, []]
    const error = decodeErrorResult({ abi: REASONS, data: args.reason })
    if (error.errorName === 'Error') return [args.orderId, String(error.args[0]), []]
    return [args.orderId, error.errorName, error.args ?? []]
  })
}
