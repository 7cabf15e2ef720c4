import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  deriveBatchDigest,
  deriveCommitDigest,
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
  type OperatorIndex,
  type OrderId,
  type SignedCommit,
} from '@assay/protocol'
import type { SignedBatch } from '@assay/core'
import { named } from './evidence-cast.ts'
import { createFakeChain, type FakeChainOptions } from './fake-chain.ts'
import { createFakeClock } from './fake-clock.ts'
import { signFunding } from './fake-token.ts'
import { createTestActor, type TestActor } from './test-actor.ts'

const never = new AbortController().signal
const now = Date.UTC(2030, 0, 1) / 1000
const unit = 1_000_000n

function createStage(options: FakeChainOptions = {}) {
  const clock = createFakeClock()
  const chain = createFakeChain({ clock }, options)
  const [client, aggregator, provider] = ['client', 'aggregator', 'provider'].map(createTestActor) as [
    TestActor,
    TestActor,
    TestActor,
  ]
  const validators = ['v0', 'v1', 'v2'].map(createTestActor)
  const providerIndex = chain.register(provider.address, { provider: true, stakeUsdc: 50n * unit })
  for (const { address } of validators) chain.register(address, { validator: true, stakeUsdc: 100n * unit })
  const quorumId = chain.createQuorum(
    validators.map(({ address }) => address),
    2,
  )
  chain.mint(client.address, 20n * unit)
  const { market } = chain.reader
  const terms = OrderTerms.parse({
    client: client.address,
    aggregator: aggregator.address,
    maxAmount: `${10n * unit}`,
    settleBy: now + 600,
    refundAt: now + 1200,
    quorumId,
    feeBps: 100,
    specHash: named('spec'),
    salt: named('salt'),
  })
  const batchOf = (orderId: OrderId, amount = 4n * unit, signers = validators): SignedBatch => {
    const fee = amount / 100n
    const body = {
      aggregator: aggregator.address,
      quorumId,
      orders: [{ orderId, charged: usdc(amount + fee) }],
      payouts: [{ index: providerIndex, amount: usdc(amount) }],
      fee: usdc(fee),
      resultsRoot: named<SignedBatch['resultsRoot']>('results'),
    }
    const hashes = {
      ordersHash: derivePackedHash(packOrders(body.orders)),
      tabsHash: derivePackedHash(packTabs([])),
      payoutsHash: derivePackedHash(packPayouts(body.payouts)),
    }
    const digest = deriveBatchDigest(market, { ...body, ...hashes })
    return { ...body, signatures: signers.map((signer) => signer.signNow(digest)) }
  }
  return {
    clock,
    chain,
    market,
    client,
    aggregator,
    provider,
    validators,
    providerIndex,
    terms,
    batchOf,
    wallet: chain.writer(aggregator.address),
  }
}

const window = { validAfter: unixSeconds(0), validBefore: unixSeconds(now + 60) }

async function reverts(work: Promise<unknown>, reason: string): Promise<void> {
  await assert.rejects(work, (error: unknown) => isMarketError(error) && error.details['reason'] === reason)
}

describe('fake chain', () => {
  it('digests an EIP-3009 authorisation as wallets do', () => {
    const { market, terms, client } = createStage({ escrow: '0x00000000000000000000000000000000000e5c40' as never })
    const { signature } = signFunding(market, terms, client.privateKey, window)
    assert.equal(
      signature,
      '0x8835a65c42bda45989cff87acee45c2e102cc1a4c23ffd6ebad3fff3b36491920c42ff483e6440533371144002e67a14384f3c4769f457a043965cf8088e09841c',
    )
  })

  it('funds an order once, by the client’s own signature', async () => {
    const { chain, wallet, terms, client, aggregator, market } = createStage()
    const stranger = signFunding(market, terms, createTestActor('stranger').privateKey, window)
    await reverts(wallet.fundWithAuthorization(terms, stranger, never), 'InvalidSignature')
    const sent = await wallet.fundWithAuthorization(terms, signFunding(market, terms, client.privateKey, window), never)
    assert.deepEqual(
      await wallet.fundWithAuthorization(terms, signFunding(market, terms, client.privateKey, window), never),
      sent,
    )
    const other = chain.writer(client.address)
    await reverts(
      other.fundWithAuthorization(terms, signFunding(market, terms, client.privateKey, window), never),
      'OrderExists',
    )
    assert.equal(await chain.reader.usdcBalance(client.address, never), 10n * unit)
    assert.equal(aggregator.address, wallet.address)
  })

  it('settles with a threshold of members and returns the rest', async () => {
    const { chain, wallet, terms, client, aggregator, batchOf, providerIndex } = createStage()
    const orderId = chain.fund(terms)
    await reverts(wallet.settle(batchOf(orderId, 4n * unit, []), never), 'QuorumNotMet')
    await reverts(wallet.settle({ ...batchOf(orderId), fee: usdc(0n) }, never), 'NotMember')
    const once = batchOf(orderId).signatures[0]!
    await reverts(wallet.settle({ ...batchOf(orderId), signatures: [once, once] }, never), 'SignersNotSorted')
    await reverts(wallet.settle(batchOf(orderId, 10n * unit), never), 'Overdraw')
    await wallet.settle(batchOf(orderId), never)
    assert.equal((await chain.reader.order(orderId, never)).status, 'settled')
    await reverts(wallet.settle(batchOf(orderId, 5n * unit), never), 'OrderClosed')
    await wallet.refund(terms, never)
    await reverts(chain.writer(client.address).refund(terms, never), 'NothingLeft')
    assert.equal(await chain.reader.usdcBalance(client.address, never), 20n * unit - 4_040_000n)
    assert.equal(await chain.reader.earnings(providerIndex, never), 4n * unit)
    assert.equal(await chain.reader.credit(aggregator.address, never), 40_000n)
    assert.ok((await chain.reader.settlementOf(orderId, never)) !== undefined)
    await wallet.withdrawEarnings(providerIndex, never)
    assert.equal(await chain.reader.earnings(providerIndex, never), 0n)
  })

  it('refuses a fee over the cap and a batch that does not add up', async () => {
    const { chain, wallet, terms, batchOf, validators, market } = createStage()
    const orderId = chain.fund(terms)
    const resign = (batch: SignedBatch): SignedBatch => {
      const hashes = {
        ordersHash: derivePackedHash(packOrders(batch.orders)),
        tabsHash: derivePackedHash(packTabs([])),
        payoutsHash: derivePackedHash(packPayouts(batch.payouts)),
      }
      return {
        ...batch,
        signatures: validators.map((one) => one.signNow(deriveBatchDigest(market, { ...batch, ...hashes }))),
      }
    }
    const batch = batchOf(orderId)
    await reverts(wallet.settle(resign({ ...batch, fee: usdc(50_000n) }), never), 'FeeOverCap')
    await reverts(wallet.settle(resign({ ...batch, fee: usdc(0n) }), never), 'Unbalanced')
    const stranger = [{ index: 99 as OperatorIndex, amount: usdc(4n * unit) }]
    await reverts(wallet.settle(resign({ ...batch, payouts: stranger }), never), 'UnknownOperator')
    assert.equal((await chain.reader.order(orderId, never)).status, 'funded')
  })

  it('never lets settling and refunding meet', async () => {
    const { clock, chain, wallet, terms, batchOf, client } = createStage()
    const orderId = chain.fund(terms)
    await reverts(wallet.refund(terms, never), 'TooEarly')
    await clock.advance(600_000)
    await reverts(wallet.settle(batchOf(orderId), never), 'TooLate')
    await clock.advance(600_000)
    await wallet.refund(terms, never)
    assert.equal((await chain.reader.order(orderId, never)).status, 'refunded')
    assert.equal(await chain.reader.usdcBalance(client.address, never), 20n * unit)
  })

  it('keeps a refund as credit when the token refuses the client', async () => {
    const { clock, chain, wallet, terms, client } = createStage()
    chain.fund(terms)
    await clock.advance(1_200_000)
    chain.setBlacklisted(client.address, true)
    await wallet.refund(terms, never)
    assert.equal(await chain.reader.credit(client.address, never), 10n * unit)
    chain.assertConserved()
  })

  it('slashes on a quorum’s verdict against whoever took part, after the window, once', async () => {
    const { clock, chain, wallet, terms, provider, validators, market, client } = createStage({ appealWindow: 30 })
    const orderId = chain.fund(terms)
    const body = {
      orderId,
      shard: 0,
      attempt: 1,
      provider: provider.address,
      commitment: named<SignedCommit['commitment']>('c'),
      sealedHash: named<SignedCommit['sealedHash']>('s'),
    }
    const commit = { ...body, signature: provider.signNow(deriveCommitDigest(market, body)) }
    const detector = validators[0]!.address
    const verdict = Verdict.parse({
      orderId,
      shard: 0,
      attempt: 1,
      accused: provider.address,
      outcome: 1,
      slash: `${60n * unit}`,
      detector,
      quorumId: terms.quorumId,
      evidence: named('evidence'),
    })
    const signatures = validators.map((one) => one.signNow(deriveVerdictDigest(market, verdict)))
    assert.equal(await chain.reader.verdictStatus(verdict, never), 'none')
    const framed = { ...commit, signature: validators[0]!.signNow(deriveCommitDigest(market, body)) }
    await reverts(wallet.submitVerdict({ verdict, terms, commit: framed }, signatures, never), 'NotInvolved')
    await wallet.submitVerdict({ verdict, terms, commit }, signatures, never)
    await reverts(wallet.finalizeVerdict(verdict, never), 'TooEarly')
    await clock.advance(30_000)
    await wallet.finalizeVerdict(verdict, never)
    assert.equal(await chain.reader.verdictStatus(verdict, never), 'slashed')
    assert.equal((await chain.reader.operator(provider.address, never))?.stake, 0n)
    assert.equal(await chain.reader.credit(detector, never), 20n * unit)
    assert.equal(await chain.reader.credit(client.address, never), 5n * unit)
    await reverts(chain.writer(client.address).finalizeVerdict(verdict, never), 'VerdictClosed')
  })

  it('fails every call while it is offline', async () => {
    const { chain, wallet, terms } = createStage()
    chain.setOnline(false)
    await assert.rejects(chain.reader.now(never), { code: 'rpc-unavailable' })
    await assert.rejects(wallet.refund(terms, never), { code: 'rpc-unavailable' })
    chain.setOnline(true)
    assert.equal(await chain.reader.now(never), now)
  })
})
