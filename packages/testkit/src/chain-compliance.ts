/** What every chain adapter must do for the market. Run on the fake chain and on a real EVM with the real contracts. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ChainReader, ChainWriter, SignedAcceptance, SignedBatch } from '@assay/core'
import {
  deriveAcceptanceDigest,
  deriveBatchDigest,
  deriveCommitDigest,
  deriveDepositAddress,
  deriveOrderId,
  derivePackedHash,
  deriveVerdictDigest,
  isMarketError,
  OrderTerms,
  packOrders,
  packPayouts,
  packTabs,
  unixSeconds,
  usdc,
  Verdict,
  type Address,
  type ErrorCode,
  type OperatorIndex,
  type OrderId,
  type QuorumId,
  type SignedCommit,
} from '@assay/protocol'
import { named } from './evidence-cast.ts'
import { signFunding } from './fake-token.ts'
import { createTestActor, type TestActor } from './test-actor.ts'

/** A fresh market under test, and the levers that only a test has. */
export interface ChainHarness extends AsyncDisposable {
  readonly reader: ChainReader
  /** Transactions of one key, which has what they cost. */
  writer(actor: TestActor): ChainWriter
  mint(to: Address, amount: bigint): Promise<void>
  /** Registers an operator and stakes for it. */
  register(actor: TestActor, role: 'provider' | 'validator', stakeUsdc: bigint): Promise<OperatorIndex>
  createQuorum(members: readonly TestActor[], threshold: number, appealsTo?: QuorumId): Promise<QuorumId>
  /** Moves chain time to a second that is ahead. */
  warp(second: number): Promise<void>
  /** The issuer stops every transfer from or to an address. */
  setBlacklisted(owner: Address, on: boolean): Promise<void>
}

const unit = 1_000_000n
const never = new AbortController().signal
/** Everybody in the suite. */
export const complianceCast = {
  client: createTestActor('chain compliance client'),
  aggregator: createTestActor('chain compliance aggregator'),
  provider: createTestActor('chain compliance provider'),
  stranger: createTestActor('chain compliance stranger'),
  validators: ['a', 'b', 'c'].map((name) => createTestActor(`chain compliance validator ${name}`)),
}

/** Who writes in the suite: a real chain gives each of them gas. */
export const chainComplianceWriters: readonly TestActor[] = [
  complianceCast.client,
  complianceCast.aggregator,
  complianceCast.provider,
  complianceCast.stranger,
]

/** Declares the suite under `name`. `open` gives an empty market with an appeal window of an hour. */
export function chainCompliance(name: string, open: () => Promise<ChainHarness>): void {
  describe(`chain compliance: ${name}`, () => {
    it('shows operators and quorums, and nothing for those it does not know', async () => {
      await using stage = await openChainStage(open)
      const { reader, quorumId } = stage
      const operator = await reader.operator(complianceCast.provider.address, never)
      assert.ok(operator)
      assert.deepEqual(
        [operator.index, operator.provider, operator.validator, operator.stake, operator.unbonding],
        [stage.providerIndex, true, false, 50n * unit, 0n],
      )
      assert.equal(await reader.operator(complianceCast.stranger.address, never), undefined)
      const quorum = await reader.quorum(quorumId, never)
      assert.deepEqual(quorum?.members.toSorted(), complianceCast.validators.map(({ address }) => address).toSorted())
      assert.equal(quorum?.threshold, 2)
      assert.equal(await reader.quorum((quorumId + 1) as QuorumId, never), undefined)
      assert.equal((await reader.order(named<OrderId>('no order'), never)).status, 'none')
    })

    it('funds an order once, by its client’s own signature, whoever sends it and however often', async () => {
      await using stage = await openChainStage(open)
      const { terms, orderId, wallet, reader } = stage
      await fails(wallet.fundWithAuthorization(terms, stage.authorization(terms, complianceCast.stranger), never), {
        reason: /InvalidSignature|invalid signature/,
      })
      const sent = await wallet.fundWithAuthorization(terms, stage.authorization(terms), never)
      assert.deepEqual(await wallet.fundWithAuthorization(terms, stage.authorization(terms), never), sent)
      const order = await reader.order(orderId, never)
      assert.deepEqual([order.status, order.remaining, order.quorumId], ['funded', 10n * unit, stage.quorumId])
      assert.equal(await reader.usdcBalance(complianceCast.client.address, never), 10n * unit)
      const other = stage.harness.writer(complianceCast.stranger)
      await fails(other.fundWithAuthorization(terms, stage.authorization(terms), never), {
        code: 'order-exists',
        reason: /^OrderExists$/,
      })
    })

    it('refuses terms that the contract refuses, by the name of its error', async () => {
      await using stage = await openChainStage(open)
      const now = await stage.now()
      const cases: readonly [Partial<OrderTerms>, RegExp, ErrorCode][] = [
        [{ quorumId: 77 as QuorumId }, /^QuorumUnknown$/, 'quorum-unknown'],
        [{ settleBy: unixSeconds(now - 1) }, /^TooLate$/, 'deadline-passed'],
        [{ refundAt: unixSeconds(now + 8 * 86_400) }, /^RefundTooLate$/, 'terms-invalid'],
      ]
      for (const [change, reason, code] of cases) {
        const terms = { ...stage.terms, ...change }
        await fails(stage.wallet.fundWithAuthorization(terms, stage.authorization(terms), never), { reason, code })
      }
    })

    it('funds from the deposit address, returns a surplus, and sweeps what comes too late', async () => {
      await using stage = await openChainStage(open)
      const { terms, orderId, wallet, reader, harness } = stage
      const account = deriveDepositAddress(reader.market, orderId)
      await harness.mint(account, 10n * unit - 1n)
      await fails(wallet.fundFromDepositAddress(terms, never), {
        reason: /^DepositTooSmall$/,
        code: 'deposit-incomplete',
      })
      await fails(wallet.sweepToClient(terms, never), { reason: /^DepositStillFundable$/, code: 'too-early' })
      await harness.mint(account, 5n)
      await wallet.fundFromDepositAddress(terms, never)
      assert.equal((await reader.order(orderId, never)).status, 'funded')
      assert.equal(await reader.usdcBalance(complianceCast.client.address, never), 20n * unit + 4n)
      await fails(wallet.sweepToClient(terms, never), { reason: /^NothingToSweep$/, code: 'nothing-due' })
      await harness.mint(account, 7n)
      await wallet.sweepToClient(terms, never)
      assert.equal(await reader.usdcBalance(complianceCast.client.address, never), 20n * unit + 11n)
    })

    it('settles once what balances and is signed, and finds the transaction again', async () => {
      await using stage = await openChainStage(open)
      const { wallet, reader, orderId } = stage
      assert.equal(await reader.settlementOf(orderId, never), undefined)
      await fails(wallet.settle(stage.batch(), never), { code: 'order-not-funded', reason: /^OrderUnknown$/ })
      await stage.fund()
      const unbalanced = stage.batch({ fee: usdc(39_999n) })
      await fails(wallet.settle(unbalanced, never), { code: 'batch-invalid', reason: /^Unbalanced$/ })
      const single = stage.batch({}, complianceCast.validators.slice(0, 1))
      await fails(wallet.settle(single, never), { code: 'no-quorum', reason: /^QuorumNotMet$/ })
      const sent = await wallet.settle(stage.batch(), never)
      assert.deepEqual(await wallet.settle(stage.batch(), never), sent)
      const order = await reader.order(orderId, never)
      assert.deepEqual([order.status, order.remaining], ['settled', 10n * unit - 4_040_000n])
      assert.equal(await reader.earnings(stage.providerIndex, never), 4n * unit)
      assert.equal(await reader.credit(complianceCast.aggregator.address, never), 40_000n)
      const found = await reader.settlementOf(orderId, never)
      assert.deepEqual([found?.transactionHash, found?.blockNumber], [sent.transactionHash, sent.blockNumber])
      const again = stage.harness.writer(complianceCast.stranger).settle(stage.batch(), never)
      await fails(again, { code: 'order-exists', reason: /^OrderClosed$/ })
    })

    it('settles an order without a quorum on the signature of its client, and no other order', async () => {
      await using stage = await openChainStage(open)
      const { authorization, providerIndex, reader, wallet } = stage
      const terms = { ...stage.terms, quorumId: 0 as QuorumId }
      const orderId = deriveOrderId(reader.market, terms)
      const accept = (of: OrderTerms, by: TestActor): SignedAcceptance => {
        const payouts = [{ index: providerIndex, amount: usdc(4n * unit) }]
        const fee = usdc(40_000n)
        const resultsRoot = named<SignedAcceptance['resultsRoot']>('chain compliance results')
        const payoutsHash = derivePackedHash(packPayouts(payouts))
        const signed = { orderId: deriveOrderId(reader.market, of), payoutsHash, fee, resultsRoot }
        return { payouts, fee, resultsRoot, signature: by.signNow(deriveAcceptanceDigest(reader.market, signed)) }
      }
      await wallet.fundWithAuthorization(terms, authorization(terms), never)
      assert.equal((await reader.order(orderId, never)).quorumId, undefined)
      await fails(wallet.settleByClient(terms, accept(terms, complianceCast.stranger), never), {
        reason: /^BadSignature$/,
      })
      const sent = await wallet.settleByClient(terms, accept(terms, complianceCast.client), never)
      assert.deepEqual(await wallet.settleByClient(terms, accept(terms, complianceCast.client), never), sent)
      const order = await reader.order(orderId, never)
      assert.deepEqual([order.status, order.remaining], ['settled', 10n * unit - 4_040_000n])
      assert.equal(await reader.earnings(providerIndex, never), 4n * unit)
      assert.equal((await reader.settlementOf(orderId, never))?.transactionHash, sent.transactionHash)
      await stage.fund()
      const judged = wallet.settleByClient(stage.terms, accept(stage.terms, complianceCast.client), never)
      await fails(judged, { reason: /^WrongQuorum$/ })
    })

    it('refunds what a settlement left at once, and everything from refundAt on', async () => {
      await using stage = await openChainStage(open)
      const { wallet, reader, terms } = stage
      await stage.fund()
      await fails(wallet.refund(terms, never), { code: 'too-early', reason: /^TooEarly$/ })
      await stage.harness.warp(terms.settleBy)
      await fails(wallet.settle(stage.batch(), never), { code: 'deadline-passed', reason: /^TooLate$/ })
      await stage.harness.warp(terms.refundAt)
      await wallet.refund(terms, never)
      assert.equal((await reader.order(stage.orderId, never)).status, 'refunded')
      assert.equal(await reader.usdcBalance(complianceCast.client.address, never), 20n * unit)
    })

    it('keeps a refund as credit when the token refuses the client', async () => {
      await using stage = await openChainStage(open)
      await stage.fund()
      await stage.wallet.settle(stage.batch(), never)
      await stage.harness.setBlacklisted(complianceCast.client.address, true)
      await stage.wallet.refund(stage.terms, never)
      assert.equal(await stage.reader.credit(complianceCast.client.address, never), 10n * unit - 4_040_000n)
    })

    it('pays earnings to the payout address, and says so when there are none', async () => {
      await using stage = await openChainStage(open)
      const { wallet, reader, providerIndex } = stage
      await fails(wallet.withdrawEarnings(providerIndex, never), { code: 'nothing-due', reason: /^NothingToWithdraw$/ })
      await stage.fund()
      await wallet.settle(stage.batch(), never)
      await wallet.withdrawEarnings(providerIndex, never)
      assert.equal(await reader.usdcBalance(complianceCast.provider.address, never), 4n * unit)
      assert.equal(await reader.earnings(providerIndex, never), 0n)
    })

    it('slashes after the appeal window, only whom its own signature ties to the order', async () => {
      await using stage = await openChainStage(open)
      const { wallet, reader } = stage
      await stage.fund()
      const { proven, signatures, verdict } = stage.verdict()
      assert.equal(await reader.verdictStatus(verdict, never), 'none')
      const forged = { ...proven, commit: { ...proven.commit, sealedHash: named<SignedCommit['sealedHash']>('other') } }
      await fails(wallet.submitVerdict(forged, signatures, never), { code: 'verdict-invalid', reason: /^NotInvolved$/ })
      await wallet.submitVerdict(proven, signatures, never)
      assert.equal(await reader.verdictStatus(verdict, never), 'submitted')
      await fails(wallet.finalizeVerdict(verdict, never), { code: 'too-early', reason: /^TooEarly$/ })
      await stage.harness.warp((await stage.now()) + 3600)
      await wallet.finalizeVerdict(verdict, never)
      assert.equal(await reader.verdictStatus(verdict, never), 'slashed')
      assert.equal((await reader.operator(complianceCast.provider.address, never))?.stake, 40n * unit)
      assert.equal(await reader.credit(complianceCast.stranger.address, never), 4n * unit)
      assert.equal(await reader.credit(complianceCast.client.address, never), unit)
    })

    it('takes no more for one fault than the order allows', async () => {
      await using stage = await openChainStage(open)
      await stage.fund()
      const { proven, signatures } = stage.verdict(300n * 10n * unit + 1n)
      await fails(stage.wallet.submitVerdict(proven, signatures, never), {
        code: 'verdict-invalid',
        reason: /^SlashOverCap$/,
      })
    })

    it('rejects with the reason of an aborted signal', async () => {
      await using stage = await openChainStage(open)
      const why = new Error('the caller left')
      const aborted = AbortSignal.abort(why)
      await assert.rejects(stage.reader.order(stage.orderId, aborted), (error) => error === why)
      await assert.rejects(
        stage.wallet.fundWithAuthorization(stage.terms, stage.authorization(stage.terms), aborted),
        (error) => error === why,
      )
    })
  })
}

/** A funded cast on a fresh market: one provider, three validators, one order. */
export async function openChainStage(
  open: () => Promise<ChainHarness>,
  createBench: (harness: ChainHarness) => Promise<QuorumId | undefined> = async () => undefined,
) {
  const harness = await open()
  const { reader } = harness
  const { market } = reader
  const providerIndex = await harness.register(complianceCast.provider, 'provider', 50n * unit)
  for (const validator of complianceCast.validators) await harness.register(validator, 'validator', 100n * unit)
  const benchId = await createBench(harness)
  const quorumId = await harness.createQuorum(complianceCast.validators, 2, benchId)
  await harness.mint(complianceCast.client.address, 20n * unit)
  const now = async (): Promise<number> => reader.now(never)
  const start = await now()
  const terms = OrderTerms.parse({
    client: complianceCast.client.address,
    aggregator: complianceCast.aggregator.address,
    maxAmount: `${10n * unit}`,
    settleBy: start + 7200,
    refundAt: start + 10_800,
    quorumId,
    feeBps: 100,
    specHash: named('chain compliance spec'),
    salt: named('chain compliance salt'),
  })
  const orderId = deriveOrderId(market, terms)
  const authorization = (of: OrderTerms, signer: TestActor = complianceCast.client) =>
    signFunding(market, of, signer.privateKey, {
      validAfter: unixSeconds(0),
      validBefore: unixSeconds(start + 86_400),
    })
  const batch = (
    change: Partial<SignedBatch> = {},
    signers: readonly TestActor[] = complianceCast.validators,
  ): SignedBatch => {
    const body = {
      aggregator: complianceCast.aggregator.address,
      quorumId,
      orders: [{ orderId, charged: usdc(4_040_000n) }],
      payouts: [{ index: providerIndex, amount: usdc(4n * unit) }],
      fee: usdc(40_000n),
      resultsRoot: named<SignedBatch['resultsRoot']>('chain compliance results'),
      ...change,
    }
    const hashes = {
      ordersHash: derivePackedHash(packOrders(body.orders)),
      tabsHash: derivePackedHash(packTabs([])),
      payoutsHash: derivePackedHash(packPayouts(body.payouts)),
    }
    const digest = deriveBatchDigest(market, { ...body, ...hashes })
    return { ...body, signatures: signers.map((signer) => signer.signNow(digest)) }
  }
  const verdict = (slash = 10n * unit) => {
    const accused = complianceCast.provider.address
    const attempt = { orderId, shard: 0, attempt: 1 } as const
    const given = Verdict.parse({
      ...attempt,
      accused,
      outcome: 1,
      slash: `${slash}`,
      detector: complianceCast.stranger.address,
      quorumId,
      evidence: named('chain compliance evidence'),
    })
    const bare = {
      orderId,
      shard: given.shard,
      attempt: given.attempt,
      provider: accused,
      commitment: named<SignedCommit['commitment']>('chain compliance commitment'),
      sealedHash: named<SignedCommit['sealedHash']>('chain compliance sealed'),
    }
    const commit: SignedCommit = {
      ...bare,
      signature: complianceCast.provider.signNow(deriveCommitDigest(market, bare)),
    }
    const digest = deriveVerdictDigest(market, given)
    return {
      verdict: given,
      proven: { verdict: given, terms, commit },
      signatures: complianceCast.validators.map((validator) => validator.signNow(digest)),
    }
  }
  const wallet = harness.writer(complianceCast.aggregator)
  return {
    harness,
    reader,
    wallet,
    terms,
    orderId,
    quorumId,
    benchId,
    providerIndex,
    now,
    authorization,
    batch,
    verdict,
    fund: () => wallet.fundWithAuthorization(terms, authorization(terms), never),
    [Symbol.asyncDispose]: () => harness[Symbol.asyncDispose](),
  }
}

/** The refusal as every adapter reports it: the contract's word in `details.reason`, and the code that goes with it. */
export async function fails(
  work: Promise<unknown>,
  expected: { readonly reason: RegExp; readonly code?: ErrorCode },
): Promise<void> {
  await assert.rejects(work, (error: unknown) => {
    if (!isMarketError(error)) throw error
    assert.match(String(error.details['reason']), expected.reason)
    if (expected.code !== undefined) assert.equal(error.code, expected.code)
    return true
  })
}
