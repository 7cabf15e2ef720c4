/** What the chain shows of the effects of one key. */
import type { Hex, MarketError } from '@assay/protocol'
import { TransactionReceiptNotFoundError, type PublicClient, type TransactionReceipt } from 'viem'
import { readFinalBlock } from './read-final-block.ts'
import { asking } from './sign-intent.ts'
import { currentOf, isGap, launch, nonceOf, tendEffects, type SendMemory } from './tend-effects.ts'
import type { LoggedEffect, SignedTransaction } from './transaction-log.ts'
import type { TransactorContext } from './transactor-options.ts'

/**
 * `waiting`: in no block, or not known yet. `mined`: in a block, `depth` deep, its own included. `final`: in a final block, and
 * in the log. `void`: another transaction used its nonce up in a final block, so that none of it can ever be mined.
 */
export type Sight =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'void'; readonly nonce: number }
  | { readonly kind: 'mined'; readonly receipt: TransactionReceipt; readonly depth: number }
  | { readonly kind: 'final'; readonly receipt: TransactionReceipt }

export interface EffectWatch {
  /**
   * Looks at every signed effect of the log, finishes what is final and tends what waits. Callers at the same time share one
   * look. Throws `rpc-unavailable`.
   */
  look(): Promise<ReadonlyMap<string, Sight>>
  /** Sends what was just signed. What the nodes say against it is kept for `problemOf`. */
  launch(key: string, transaction: SignedTransaction): Promise<void>
  /** Why a waiting effect may be waiting, as far as known. */
  problemOf(key: string): MarketError | undefined
}

/** One look at the chain. */
interface Head {
  readonly number: bigint
  readonly hash: Hex
  /** Nonces below it are in blocks. */
  readonly used: number
  readonly final: bigint
}

interface Memory extends SendMemory {
  /** By effect: a block in which its nonce is used although none of its transactions is in one. */
  readonly suspects: Map<string, Pick<Head, 'number' | 'hash'>>
}

export function createEffectWatch(context: TransactorContext): EffectWatch {
  const memory: Memory = { problems: new Map(), times: new Map(), suspects: new Map(), gapSince: undefined }
  let running: Promise<ReadonlyMap<string, Sight>> | undefined
  return {
    look: () => (running ??= lookOnce(context, memory).finally(() => (running = undefined))),
    launch: async (key, transaction) => void (await launch(context, memory, key, transaction)),
    problemOf: (key) => memory.problems.get(key),
  }
}

async function lookOnce(context: TransactorContext, memory: Memory): Promise<ReadonlyMap<string, Sight>> {
  const sights = new Map<string, Sight>()
  const open = context.log.open().filter(({ state }) => state === 'signed')
  if (open.length === 0) return sights
  const ordered = open.toSorted((a, b) => nonceOf(a) - nonceOf(b))
  const head = await readHead(context)
  const waiting = ordered.filter((effect) => nonceOf(effect) >= head.used)
  for (const effect of ordered)
    sights.set(
      effect.key,
      waiting.includes(effect) ? { kind: 'waiting' } : await seeUsed(context, memory, effect, head),
    )
  for (const { key } of waiting) memory.suspects.delete(key)
  await tendEffects(context, memory, waiting, head.used)
  return sights
}

/** An effect whose nonce is used: by one of its transactions, or by another one. */
async function seeUsed(
  { account, client, clients, log }: TransactorContext,
  { problems, suspects, times }: Memory,
  effect: LoggedEffect,
  head: Head,
): Promise<Sight> {
  const { key } = effect
  const receipt = await findReceipt(client, effect)
  if (receipt !== undefined) {
    const depth = Number(head.number - receipt.blockNumber) + 1
    if (receipt.blockNumber > head.final) return { kind: 'mined', receipt, depth: Math.max(depth, 1) }
    log.finish(key, receipt.status === 'success' ? 'confirmed' : 'failed', receipt.transactionHash)
    for (const forgotten of [problems, suspects]) forgotten.delete(key)
    for (const { hash } of effect.signed) times.delete(hash)
    return { kind: 'final', receipt }
  }
  // One node may know the nonce while another does not know the receipt yet: it counts once the block that shows it is final.
  const suspect = suspects.get(key)
  if (suspect === undefined) {
    const { address } = account
    const used = await asking('reading the nonce', () =>
      client.getTransactionCount({ address, blockNumber: head.number }),
    )
    if (used > nonceOf(effect)) suspects.set(key, head)
    return { kind: 'waiting' }
  }
  if (suspect.number > head.final) return { kind: 'waiting' }
  const block = await asking('reading a block', () => client.getBlock({ blockNumber: suspect.number }))
  if (block.hash !== suspect.hash || (await isMinedAnywhere(clients, effect, suspect.number))) {
    suspects.delete(key)
    return { kind: 'waiting' }
  }
  if (isGap(key)) log.finish(key, 'failed')
  return { kind: 'void', nonce: nonceOf(effect) }
}

async function readHead({ account, client, options }: TransactorContext): Promise<Head> {
  const { address } = account
  return asking('reading the head of the chain', async () => {
    // The nonce first: a block read later shows at least as much.
    const used = await client.getTransactionCount({ address, blockTag: 'latest' })
    const [{ number, hash }, final] = await Promise.all([client.getBlock(), readFinalBlock(client, options.finality)])
    return { number, hash, used, final }
  })
}

async function findReceipt(client: PublicClient, effect: LoggedEffect): Promise<TransactionReceipt | undefined> {
  for (const { hash } of currentOf(effect)) {
    const receipt = await asking('reading a receipt', () => client.getTransactionReceipt({ hash }).catch(absent))
    if (receipt !== undefined) return receipt
  }
  return undefined
}

/** Asks every node; true as well when none that has the block can say no. */
async function isMinedAnywhere(
  clients: readonly PublicClient[],
  effect: LoggedEffect,
  block: bigint,
): Promise<boolean> {
  const ask = async (client: PublicClient): Promise<boolean | undefined> => {
    try {
      if ((await client.getBlockNumber()) < block) return undefined
      return (await findReceipt(client, effect)) !== undefined
    } catch {
      // A node that does not answer says neither.
      return undefined
    }
  }
  const answers = await Promise.all(clients.map(ask))
  return answers.includes(true) || !answers.includes(false)
}

function absent(error: unknown): undefined {
  if (error instanceof TransactionReceiptNotFoundError) return undefined
  throw error
}
