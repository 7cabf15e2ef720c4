import type { Sent } from '@assay/core'
import { isMarketError, MarketError, type Hex, type PrivateKey } from '@assay/protocol'
import {
  encodeFunctionData,
  TransactionReceiptNotFoundError,
  type Abi,
  type Address,
  type TransactionReceipt,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { toChainError } from './chain-error.ts'
import { pause } from './pause.ts'
import { asking, callOf, signCall, type Call } from './sign-intent.ts'
import { isGap, nonceOf } from './tend-effects.ts'
import type { LoggedEffect, SignedTransaction, TransactionLog } from './transaction-log.ts'
import { withDefaults, type Connection, type TransactorContext, type TransactorOptions } from './transactor-options.ts'
import { createEffectWatch, type EffectWatch, type Sight } from './watch-effects.ts'

/** One contract call to be made exactly once. */
export interface Effect {
  /** Same key, same effect: calling again continues what was signed first. */
  readonly key: string
  readonly what: string
  readonly address: Address
  readonly abi: Abi
  readonly functionName: string
  readonly args: readonly unknown[]
}

/** What became of an effect of an earlier life. */
export interface Resumed {
  readonly key: string
  readonly sent?: Sent
  readonly error?: MarketError
}

/** Sends the transactions of one key; nonces are given out in the order of the calls. */
export interface Transactor {
  readonly address: Address
  /**
   * Resolves once the effect's transaction is `confirmations` deep. Throws the typed refusal of the contract,
   * `transaction-unconfirmed`, `fee-over-cap`, `gas-insufficient`, `rpc-unavailable`; after any of them, and after a crash, the
   * same call goes on where it was.
   */
  send(effect: Effect, signal: AbortSignal): Promise<Sent>
  /** Takes everything that the log holds open to its end, in the order in which it was intended. */
  resume(signal: AbortSignal): Promise<readonly Resumed[]>
}

type KeyedCall = Call & { readonly key: string }

/** Codes that say nothing about the effect itself: it stays as far as it came. */
const PASSING: ReadonlySet<string> = new Set(['rpc-unavailable', 'fee-over-cap', 'gas-insufficient', 'internal'])

/** Owns the nonces of a hot key. The README of this package has the states that an effect goes through. */
export function createTransactor(
  connection: Connection,
  privateKey: PrivateKey,
  log: TransactionLog,
  options: TransactorOptions = {},
): Transactor {
  const account = privateKeyToAccount(privateKey)
  const context: TransactorContext = { ...connection, account, log, options: withDefaults(options) }
  const watch = createEffectWatch(context)
  let turn: Promise<unknown> = Promise.resolve()
  /** One after the other, so that nonces follow the order of the calls. */
  const inTurn: InTurn = (work) => {
    const next = turn.then(work, work)
    turn = next.catch(() => undefined)
    return next
  }
  const deliver = (call: KeyedCall, signal: AbortSignal): Promise<Sent> =>
    untilAborted(signal, async () => {
      await inTurn(() => sign(context, watch, call, signal))
      return follow(context, watch, call, { signal, inTurn })
    })
  return {
    address: account.address,
    send: ({ key, what, address, abi, functionName, args }, signal) =>
      deliver({ key, what, to: address, data: encodeFunctionData({ abi, functionName, args }) }, signal),
    resume: (signal) =>
      Promise.all(
        openCalls(log).map(async (call): Promise<Resumed> => {
          try {
            return { key: call.key, sent: await deliver(call, signal) }
          } catch (error) {
            if (signal.aborted || !isMarketError(error)) throw error
            return { key: call.key, error }
          }
        }),
      ),
  }
}

type InTurn = <T>(work: () => Promise<T>) => Promise<T>

/** Fillers of gaps are tended with the others; one that was never signed has no purpose any more. */
function openCalls(log: TransactionLog): KeyedCall[] {
  const open = log.open()
  for (const { key, state } of open) if (isGap(key) && state === 'intended') log.finish(key, 'failed')
  return open.filter(({ key }) => !isGap(key)).map((effect) => ({ key: effect.key, ...callOf(effect) }))
}

/** Brings an effect to the state `signed` unless it is there or further, and sends what was signed. */
async function sign(
  context: TransactorContext,
  watch: EffectWatch,
  call: KeyedCall,
  signal: AbortSignal,
): Promise<void> {
  const { log } = context
  const { key, to, data } = call
  signal.throwIfAborted()
  const sight = log.find(key)?.state === 'signed' ? (await watch.look()).get(key) : undefined
  const known = log.find(key)
  // The look may be older than what another caller with this key signed meanwhile: then it speaks of another nonce.
  const isVoid = sight?.kind === 'void' && known !== undefined && nonceOf(known) === sight.nonce
  if (known?.state === 'confirmed' || (known?.state === 'signed' && !isVoid)) return
  const isNew = known === undefined || known.state === 'failed'
  if (isNew || (known.state === 'intended' && (known.to !== to || known.data !== data))) log.intend({ key, to, data })
  await waitForRoom(context, watch, call, signal)
  const transaction = await signNext(context, call)
  log.sign(key, transaction)
  await watch.launch(key, transaction)
}

async function signNext(context: TransactorContext, call: KeyedCall): Promise<SignedTransaction> {
  try {
    return await signCall(context, call, await nextNonce(context))
  } catch (error) {
    if (isMarketError(error) && !PASSING.has(error.code)) context.log.finish(call.key, 'failed')
    throw error
  }
}

/** Never a nonce that an effect of the log may still need, nor one that a node has a transaction for. */
async function nextNonce({ account, client, log }: TransactorContext): Promise<number> {
  const { address } = account
  const pending = await asking('reading the nonce', () => client.getTransactionCount({ address, blockTag: 'pending' }))
  const open = log.open().filter(({ state }) => state === 'signed')
  return Math.max(pending, ...open.map((effect) => nonceOf(effect) + 1))
}

async function waitForRoom(
  context: TransactorContext,
  watch: EffectWatch,
  call: KeyedCall,
  signal: AbortSignal,
): Promise<void> {
  const { client, log, options } = context
  const until = performance.now() + options.confirmMs
  const signed = (): readonly LoggedEffect[] => log.open().filter(({ state }) => state === 'signed')
  while (signed().length >= options.maxInFlight) {
    const sights = await watch.look()
    // A shared look may be older than the newest signature: what it did not see is on its way.
    const waiting = signed().filter(({ key }) => (sights.get(key)?.kind ?? 'waiting') === 'waiting')
    if (waiting.length < options.maxInFlight) return
    if (performance.now() >= until) throw unconfirmed(call, undefined)
    await pause(client.pollingInterval, signal)
  }
}

/** Watches a signed effect until its transaction is deep enough. */
async function follow(
  context: TransactorContext,
  watch: EffectWatch,
  call: KeyedCall,
  { inTurn, signal }: { readonly inTurn: InTurn; readonly signal: AbortSignal },
): Promise<Sent> {
  const { client, log, options } = context
  const until = performance.now() + options.confirmMs
  for (;;) {
    let problem = watch.problemOf(call.key)
    try {
      const sight = await sightOf(context, watch, call.key)
      if (sight.kind === 'final' || (sight.kind === 'mined' && sight.depth >= options.confirmations))
        return await toSent(context, call, sight.receipt)
      if (sight.kind === 'void') await inTurn(() => sign(context, watch, call, signal))
    } catch (error) {
      if (!isMarketError(error) || error.code !== 'rpc-unavailable') throw error
      problem = error
    }
    if (performance.now() >= until) throw problem ?? unconfirmed(call, log.find(call.key)?.signed.at(-1)?.hash)
    await pause(client.pollingInterval, signal)
  }
}

async function sightOf({ client, log }: TransactorContext, watch: EffectWatch, key: string): Promise<Sight> {
  const sight = (await watch.look()).get(key)
  if (sight !== undefined) return sight
  const effect = log.find(key)
  if (effect?.state === 'signed') return { kind: 'waiting' }
  const hash = effect?.mined
  // Refused before it was sent, by another caller with the same key: this one asks for itself.
  if (hash === undefined) return { kind: 'void', nonce: -1 }
  const receipt = await asking('reading a receipt', () => client.getTransactionReceipt({ hash }).catch(lost(hash)))
  return { kind: 'final', receipt }
}

const lost =
  (hash: Hex) =>
  (error: unknown): never => {
    if (!(error instanceof TransactionReceiptNotFoundError)) throw error
    throw new MarketError('chain-mismatch', 'a transaction that was final is not on this chain', {
      details: { hash },
      cause: error,
    })
  }

async function toSent(context: TransactorContext, call: KeyedCall, receipt: TransactionReceipt): Promise<Sent> {
  const { transactionHash, blockNumber, gasUsed, status } = receipt
  if (status !== 'success') throw await explainRevert(context, call, receipt)
  return { transactionHash, blockNumber: Number(blockNumber), gasUsed: Number(gasUsed) }
}

/** The reason is not in the receipt: the call is asked for once more, on the state after its block and before it. */
async function explainRevert(
  { account, client }: TransactorContext,
  { what, to, data }: KeyedCall,
  { blockNumber, transactionHash: hash }: TransactionReceipt,
): Promise<MarketError> {
  for (const at of [blockNumber, blockNumber - 1n]) {
    try {
      await client.call({ account: account.address, to, data, blockNumber: at })
    } catch (cause) {
      const { code, message, details } = toChainError(cause, what)
      if (!PASSING.has(code)) return new MarketError(code, message, { details: { ...details, hash }, cause })
    }
  }
  return new MarketError('transaction-reverted', `${what} was reverted in its block`, { details: { what, hash } })
}

const unconfirmed = ({ what }: KeyedCall, hash: Hex | undefined): MarketError =>
  new MarketError('transaction-unconfirmed', `${what} is not in a block yet`, {
    details: { what, hash: hash ?? 'not sent' },
  })

/** Rejects with the signal's reason as soon as it aborts; what goes on then ends at its next step. */
async function untilAborted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const aborted = Promise.withResolvers<never>()
  const onAbort = (): void => aborted.reject(signal.reason)
  signal.throwIfAborted()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([work(), aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
