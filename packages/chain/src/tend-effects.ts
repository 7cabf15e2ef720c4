/** What is done for transactions that are in no block: sent again, replaced by dearer ones, gaps before them filled. */
import { isMarketError, type Hex, type MarketError } from '@assay/protocol'
import { broadcast } from './broadcast.ts'
import { asking, signCall, signReplacement } from './sign-intent.ts'
import type { LoggedEffect, SignedTransaction } from './transaction-log.ts'
import type { TransactorContext } from './transactor-options.ts'

/** Keys of the empty transactions that fill gaps. */
const GAP = 'gap:'
export const isGap = (key: string): boolean => key.startsWith(GAP)

/** Nonce of the transactions that an effect can be mined by; -1 while none is signed. */
export const nonceOf = ({ signed }: LoggedEffect): number => signed.at(-1)?.nonce ?? -1

/** The transactions by which an effect can be mined, newest first. */
export const currentOf = (effect: LoggedEffect): readonly SignedTransaction[] =>
  effect.signed.filter(({ nonce }) => nonce === nonceOf(effect)).toReversed()

/** What a process remembers of its sending; nothing of it is needed after a restart. */
export interface SendMemory {
  /** What the nodes or the caps say against an effect that waits. */
  readonly problems: Map<string, MarketError>
  /** When a transaction was first and last sent, by its hash; milliseconds of this process. */
  readonly times: Map<Hex, { readonly first: number; readonly last: number }>
  /** Since when the next nonce belongs to nobody. */
  gapSince: number | undefined
}

/** Sends one transaction to every node. Returns whether one took it; keeps what they say against it. */
export async function launch(
  { clients }: TransactorContext,
  memory: SendMemory,
  key: string,
  { hash, raw }: SignedTransaction,
): Promise<boolean> {
  const now = performance.now()
  const first = memory.times.get(hash)?.first ?? now
  const answer = await broadcast(clients, raw)
  const isRefused = answer.kind === 'poor' || answer.kind === 'refused'
  if (isRefused) memory.problems.set(key, answer.error)
  else memory.problems.delete(key)
  // What no node took is due again at the next look.
  memory.times.set(hash, { first, last: isRefused ? -Infinity : now })
  return answer.kind === 'taken'
}

/**
 * Tends effects whose nonces are not used, given by ascending nonce; `used` is the next nonce of the account. Only the first of
 * the queue is replaced: the others wait for it, not for their fees. Throws `rpc-unavailable`.
 */
export async function tendEffects(
  context: TransactorContext,
  memory: SendMemory,
  waiting: readonly LoggedEffect[],
  used: number,
): Promise<void> {
  const head = waiting[0]
  if (head === undefined) return
  for (const effect of waiting) await resend(context, memory, effect)
  try {
    if (nonceOf(head) > used) return await fillGap(context, memory, { used, lowest: nonceOf(head) })
    memory.gapSince = undefined
    await replace(context, memory, head)
  } catch (error) {
    // The queue goes on by itself once gas is cheaper or the account has coins again.
    if (!isMarketError(error) || (error.code !== 'fee-over-cap' && error.code !== 'gas-insufficient')) throw error
    memory.problems.set(head.key, error)
  }
}

const since = ({ times }: SendMemory, { hash }: SignedTransaction, which: 'first' | 'last'): number =>
  performance.now() - (times.get(hash)?.[which] ?? -Infinity)

async function resend(context: TransactorContext, memory: SendMemory, effect: LoggedEffect): Promise<void> {
  const newest = effect.signed.at(-1)
  if (newest === undefined || since(memory, newest, 'last') < context.options.rebroadcastMs) return
  // An older one may still be affordable when the newest is not.
  for (const transaction of currentOf(effect)) if (await launch(context, memory, effect.key, transaction)) return
}

async function replace(context: TransactorContext, memory: SendMemory, effect: LoggedEffect): Promise<void> {
  const { log, options } = context
  const last = effect.signed.at(-1)
  if (last === undefined || since(memory, last, 'first') < options.stuckMs) return
  if (currentOf(effect).length > options.maxReplacements) return
  const next = await signReplacement(context, last)
  // Meanwhile another caller may have seen it mined and signed anew.
  const known = log.find(effect.key)
  if (known?.state !== 'signed' || known.signed.at(-1)?.hash !== last.hash) return
  log.sign(effect.key, next)
  await launch(context, memory, effect.key, next)
}

/** A transaction of somebody else held a nonce before ours and has vanished: empty ones take the places up to ours. */
async function fillGap(
  context: TransactorContext,
  memory: SendMemory,
  { used, lowest }: { readonly used: number; readonly lowest: number },
): Promise<void> {
  const { account, client, log, options } = context
  const { address } = account
  const pending = await asking('reading the nonce', () => client.getTransactionCount({ address, blockTag: 'pending' }))
  if (pending > used) memory.gapSince = undefined
  else memory.gapSince ??= performance.now()
  if (memory.gapSince === undefined || performance.now() - memory.gapSince < options.stuckMs) return
  for (let nonce = used; nonce < Math.min(lowest, used + options.maxInFlight); nonce++) {
    const key = `${GAP}${nonce}`
    log.intend({ key, to: address, data: '0x' })
    const call = { what: 'filling a gap between nonces', to: address, data: '0x' } as const
    const transaction = await signCall(context, call, nonce)
    log.sign(key, transaction)
    await launch(context, memory, key, transaction)
  }
}
