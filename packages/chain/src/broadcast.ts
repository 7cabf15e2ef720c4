import { MarketError, type Hex } from '@assay/protocol'
import { BaseError, type PublicClient } from 'viem'
import { isPoverty } from './chain-error.ts'

/**
 * What became of sending a transaction to every node. `taken`: at least one has it, or has something better in its place.
 * `used`: all say that its nonce is in a block already. `poor`: the account cannot pay. `refused`: for another reason.
 */
export type Broadcast =
  { readonly kind: 'taken' | 'used' } | { readonly kind: 'poor' | 'refused'; readonly error: MarketError }

/** Sends raw bytes to every node at once and waits for the first that takes them; never throws for what a node answers. */
export async function broadcast(clients: readonly PublicClient[], raw: Hex): Promise<Broadcast> {
  const sendTo = async (client: PublicClient): Promise<Broadcast> => {
    try {
      await client.sendRawTransaction({ serializedTransaction: raw })
      return { kind: 'taken' }
    } catch (error) {
      return readRefusal(error)
    }
  }
  const all = clients.map(sendTo)
  const taken = all.map(async (sent) => ((await sent).kind === 'taken' ? sent : Promise.reject(new Error('refused'))))
  const first = await Promise.any(taken).catch(() => undefined)
  if (first !== undefined) return first
  const answers = await Promise.all(all)
  return answers.find(({ kind }) => kind === 'poor') ?? answers.find(({ kind }) => kind === 'used') ?? answers[0]!
}

/** Nodes tell these apart in words only. */
function readRefusal(error: unknown): Broadcast {
  const text = error instanceof BaseError ? `${error.details} ${error.shortMessage}`.toLowerCase() : ''
  const says = (...words: readonly string[]): boolean => words.some((word) => text.includes(word))
  if (says('already known', 'known transaction', 'already imported', 'alreadyknown')) return { kind: 'taken' }
  // The pool holds another transaction of this nonce with higher fees: a later one of ours, or somebody else's.
  if (says('replacement transaction underpriced', 'replacement fee too low', 'could not replace', 'toolowtocompete'))
    return { kind: 'taken' }
  if (says('nonce too low', 'nonce is too low', 'old nonce', 'nonce has already been used')) return { kind: 'used' }
  const reason = text.trim().slice(0, 300) || 'no answer'
  if (error instanceof BaseError && isPoverty(error)) {
    const options = { details: { reason }, cause: error }
    return { kind: 'poor', error: new MarketError('gas-insufficient', 'the account cannot pay for gas', options) }
  }
  const options = { details: { reason }, cause: error }
  return { kind: 'refused', error: new MarketError('rpc-unavailable', 'no node took the transaction', options) }
}
