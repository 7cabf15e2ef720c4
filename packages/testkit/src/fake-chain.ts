/**
 * A chain in memory that enforces what the contracts enforce: one life an order, quorum signatures, fee caps, slashes,
 * and money that is never made or lost. A block is mined per transaction; its time is the fake clock's.
 */
import assert from 'node:assert/strict'
import type { ChainMarket, ChainReader, ChainWriter, Clock, DisputeWriter, Sent } from '@assay/core'
import {
  asAddress,
  asHash,
  deriveOrderId,
  deriveRulingDigest,
  deriveVerdictDigest,
  deriveVerdictId,
  keccakText,
  MarketError,
  toUnixSeconds,
  usdc,
  type Address,
  type Hash32,
  type OperatorIndex,
  type OrderId,
  type OrderTerms,
  type QuorumId,
  type SettlementProof,
  type UnixSeconds,
  type Verdict,
} from '@assay/protocol'
import { batchDigest, createFakeEscrow } from './fake-escrow.ts'
import { createFakeStakes, type FakeRoles } from './fake-stakes.ts'
import { createFakeToken } from './fake-token.ts'

/** The chain itself. Set-up calls are free of signatures; `writer` behaves as transactions do. */
export interface FakeChain {
  readonly reader: ChainReader
  /** Transactions of one key. */
  writer(address: Address): ChainWriter
  mint(to: Address, amount: bigint): void
  /** Registers an operator and stakes for it with freshly minted money. */
  register(address: Address, roles: FakeRoles & { readonly stakeUsdc?: bigint }): OperatorIndex
  /** Adds stake from the operator's own balance. */
  stake(address: Address, amount: bigint): void
  requestUnbond(address: Address, amount: bigint): void
  /** Takes stake as a finalised verdict of another order would; it leaves the market. */
  slash(address: Address, amount: bigint): void
  createQuorum(members: readonly Address[], threshold: number, appealsTo?: QuorumId): QuorumId
  /** Escrows an order from the client's balance, as with an allowance. */
  fund(terms: OrderTerms): OrderId
  /** The issuer stops every transfer from or to an address. */
  setBlacklisted(owner: Address, on: boolean): void
  /** While false every call throws `rpc-unavailable`. */
  setOnline(on: boolean): void
  /** Throws unless every contract holds exactly what it owes. Runs after each transaction too. */
  assertConserved(): void
}

export interface FakeChainOptions {
  readonly chainId?: number
  /** Address of the escrow, for a market that is given. */
  readonly escrow?: Address
  /** Seconds between recording a verdict and carrying it out; 0 unless said otherwise. */
  readonly appealWindow?: number
}

/** An empty chain with its contracts deployed. */
export function createFakeChain(deps: { readonly clock: Clock }, options: FakeChainOptions = {}): FakeChain {
  const market = fakeMarket(options.chainId ?? 31_337, options.escrow)
  const token = createFakeToken(market)
  const stakes = createFakeStakes(market, token)
  const escrow = createFakeEscrow(market, token, stakes, { appealWindow: options.appealWindow ?? 0 })
  const settlements = new Map<OrderId, SettlementProof>()
  const logs = new Map<Address, Map<string, Sent>>()
  const logOf = (address: Address): Map<string, Sent> => {
    const log = logs.get(address) ?? new Map<string, Sent>()
    logs.set(address, log)
    return log
  }
  let online = true
  let blockNumber = 1

  const now = (): UnixSeconds => toUnixSeconds(deps.clock.now())
  const reach = (signal: AbortSignal): void => {
    signal.throwIfAborted()
    if (!online) throw new MarketError('rpc-unavailable', 'the fake chain is switched off')
  }
  const assertConserved = (): void => {
    const owed = escrow.owed()
    assert.equal(token.balanceOf(market.escrow), owed.escrow, 'escrow holds what it owes')
    assert.equal(token.balanceOf(market.disputes), owed.disputes, 'disputes holds what it owes')
    assert.equal(token.balanceOf(market.stakes), stakes.total(), 'stakes holds what is staked')
  }
  const mine = (gasUsed: number, apply: () => void): Sent => {
    const supply = token.supply()
    apply()
    blockNumber += 1
    assert.equal(token.supply(), supply, 'a transaction neither makes nor burns money')
    assertConserved()
    return { transactionHash: keccakText(`fake-transaction/${blockNumber}`), blockNumber, gasUsed }
  }
  const reader = createReader(market, { reach, now, token, stakes, escrow, settlements })

  return {
    reader,
    writer: (address) => createWriter(address, { market, reach, now, mine, escrow, settlements, log: logOf(address) }),
    mint: token.mint,
    register(address, { stakeUsdc, ...roles }) {
      const index = stakes.register(address, roles)
      if (stakeUsdc !== undefined && stakeUsdc > 0n) {
        token.mint(address, stakeUsdc)
        stakes.stake(address, stakeUsdc)
      }
      return index
    },
    stake: stakes.stake,
    requestUnbond: stakes.requestUnbond,
    slash: (address, amount) => void stakes.slash(address, amount, nowhere),
    createQuorum: stakes.createQuorum,
    fund: (terms) => escrow.fund(terms, 'allowance', now()),
    setBlacklisted: token.setBlacklisted,
    setOnline: (on) => void (online = on),
    assertConserved,
  }
}

interface Parts {
  readonly reach: (signal: AbortSignal) => void
  readonly now: () => UnixSeconds
  readonly token: ReturnType<typeof createFakeToken>
  readonly stakes: ReturnType<typeof createFakeStakes>
  readonly escrow: ReturnType<typeof createFakeEscrow>
  readonly settlements: Map<OrderId, SettlementProof>
}

function createReader(market: ChainMarket, parts: Parts): ChainReader {
  const { reach, now, token, stakes, escrow, settlements } = parts
  const read =
    <A extends readonly unknown[], R>(get: (...args: A) => R) =>
    async (...args: [...A, AbortSignal]): Promise<R> => {
      reach(args.at(-1) as AbortSignal)
      return get(...(args.slice(0, -1) as unknown as A))
    }
  return {
    market,
    now: read(now),
    order: read(escrow.order),
    operator: read(stakes.operator),
    quorum: read(stakes.quorum),
    usdcBalance: read((owner: Address) => usdc(token.balanceOf(owner))),
    earnings: read((index: OperatorIndex) => usdc(escrow.earnings(index))),
    credit: read((owner: Address) => usdc(escrow.credit(owner))),
    settlementOf: read((orderId: OrderId) => settlements.get(orderId)),
    verdictStatus: read((verdict: Verdict) => escrow.disputes.record(deriveVerdictId(verdict))?.status ?? 'none'),
    verdictRecord: read(escrow.disputes.record),
    faultsOf: read(escrow.disputes.faultsOf),
    appealOf: read(escrow.disputes.appealOf),
    appealQuorumOf: read(stakes.appealQuorumOf),
  }
}

interface WriterParts extends Pick<Parts, 'reach' | 'now' | 'escrow' | 'settlements'> {
  readonly market: ChainMarket
  readonly mine: (gasUsed: number, apply: () => void) => Sent
  /** What this key has sent, by effect. */
  readonly log: Map<string, Sent>
}

/** As the real wallet, it remembers each effect by its key: asked again, it answers with the transaction of the first time. */
function createWriter(address: Address, parts: WriterParts): ChainWriter {
  const { market, reach, now, mine, escrow, settlements, log } = parts
  const send = async (key: string, signal: AbortSignal, gasUsed: number, apply: () => void): Promise<Sent> => {
    reach(signal)
    const sent = log.get(key) ?? mine(gasUsed, apply)
    log.set(key, sent)
    return sent
  }
  const idOf = (terms: OrderTerms): OrderId => deriveOrderId(market, terms)
  return {
    address,
    fundWithAuthorization: async (terms, authorization, signal) =>
      send(`fund:${idOf(terms)}`, signal, gas.fund, () => escrow.fund(terms, authorization, now())),
    fundFromDepositAddress: async (terms, signal) =>
      send(`fund:${idOf(terms)}`, signal, gas.fund, () => escrow.fund(terms, 'deposit', now())),
    async sweepToClient(terms, signal) {
      reach(signal)
      return mine(gas.refund, () => escrow.sweep(terms, address, now()))
    },
    async settle(batch, signal) {
      const gasUsed = gas.settle + batch.orders.length * gas.settleOrder + batch.payouts.length * gas.settlePayout
      const sent = await send(`settle:${batchDigest(market, batch)}`, signal, gasUsed, () =>
        escrow.settle(batch, now()),
      )
      const proof = { ...sent, transactionHash: asHash<Hash32>(sent.transactionHash) }
      for (const { orderId } of batch.orders) settlements.set(orderId, proof)
      return sent
    },
    async settleByClient(terms, acceptance, signal) {
      const sent = await send(`accept:${acceptance.signature}`, signal, gas.settle, () =>
        escrow.settleByClient(terms, acceptance, now()),
      )
      settlements.set(idOf(terms), { ...sent, transactionHash: asHash<Hash32>(sent.transactionHash) })
      return sent
    },
    refund: async (terms, signal) =>
      send(`refund:${idOf(terms)}`, signal, gas.refund, () => escrow.refund(terms, now())),
    submitVerdict: async (proven, signatures, signal) =>
      send(`verdict:${deriveVerdictDigest(market, proven.verdict)}`, signal, gas.verdict, () =>
        escrow.disputes.submit(proven, signatures, now()),
      ),
    finalizeVerdict: async (verdict, signal) =>
      send(`finalize:${deriveVerdictDigest(market, verdict)}`, signal, gas.verdict, () =>
        escrow.disputes.finalize(verdict, now()),
      ),
    ...createDisputeWriter(address, parts, send),
    async withdrawEarnings(index, signal) {
      reach(signal)
      return mine(gas.withdraw, () => escrow.withdrawEarnings(index))
    },
  }
}

type Send = (key: string, signal: AbortSignal, gasUsed: number, apply: () => void) => Promise<Sent>

function createDisputeWriter(address: Address, { market, now, escrow }: WriterParts, send: Send): DisputeWriter {
  const { disputes } = escrow
  const prove = (key: string, signal: AbortSignal, apply: () => void): Promise<Sent> =>
    send(`prove:${key}`, signal, gas.verdict, apply)
  return {
    submitValidatorVerdict: async (proven, signatures, signal) =>
      send(`verdict:${deriveVerdictDigest(market, proven.verdict)}`, signal, gas.verdict, () =>
        disputes.submitValidator(proven, signatures, now()),
      ),
    appealVerdict: async (verdict, signal) => {
      const id = deriveVerdictId(verdict)
      const key = `appeal:${id}:${disputes.record(id)?.round ?? 0}`
      return send(key, signal, gas.verdict, () => disputes.appeal(verdict, address, now()))
    },
    submitRuling: async (ruling, signatures, signal) =>
      send(`ruling:${deriveRulingDigest(market, ruling)}`, signal, gas.verdict, () =>
        disputes.rule(ruling, signatures, now()),
      ),
    proveEquivocation: async (proof, signal) => {
      const { shard, attempt, provider } = proof.first
      const key = `commits/${deriveOrderId(market, proof.terms)}/${shard}/${attempt}/${provider}`
      return prove(key, signal, () => disputes.proveEquivocation(proof, now()))
    },
    proveConflictingAudits: async (proof, signal) => {
      const { commitment, round, validator } = proof.first
      return prove(`audits/${commitment}/${round}/${validator}`, signal, () =>
        disputes.proveConflictingAudits(proof, now()),
      )
    },
    proveConflictingBatches: async (proof, signal) =>
      prove(`batches/${deriveOrderId(market, proof.terms)}/${proof.validator}`, signal, () =>
        disputes.proveConflictingBatches(proof, now()),
      ),
  }
}

const nowhere = asAddress(`0x${'00'.repeat(19)}01`)

/** Plausible figures, so that code which shows gas has something to show. */
const gas = {
  fund: 95_000,
  settle: 70_000,
  settleOrder: 9_000,
  settlePayout: 1_900,
  refund: 55_000,
  verdict: 150_000,
  withdraw: 55_000,
}

function fakeMarket(chainId: number, escrow: Address | undefined): ChainMarket {
  const at = (name: string): Address => asAddress(`0x${keccakText(`fake-chain/${chainId}/${name}`).slice(26)}`)
  return {
    chainId,
    escrow: escrow ?? at('escrow'),
    token: at('token'),
    tokenName: 'USD Coin',
    tokenVersion: '2',
    stakes: at('stakes'),
    quorums: at('quorums'),
    disputes: at('disputes'),
  }
}
