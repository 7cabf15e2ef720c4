/**
 * The same structs hashed by Solidity and by viem; and the shared vectors, at their own chain id and escrow address.
 */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, it } from 'node:test'

import { type Address, type Hex, domainSeparator, encodeAbiParameters, hashTypedData, keccak256, toHex } from 'viem'

import {
  type Payout,
  ROOT,
  TYPES,
  batchDigest,
  commitmentOf,
  domainOf,
  orderIdOf,
  packOrders,
  packPayouts,
  packTabs,
  type Draw,
  someBatch,
  someTerms,
} from './support/messages.ts'
import { OPENING, someVerdict, verdictDigest } from './support/verdicts.ts'
import { type World, openWorld } from './support/world.ts'

const word = (text: string) => keccak256(toHex(text))

describe('digests', () => {
  it('are the same in Solidity and in viem, on any chain', async () => {
    for (const chainId of [31_337, 137]) {
      await using world = await openWorld({ chainId })
      const { escrow, disputes } = world
      const domain = domainOf(chainId, escrow.address)
      const terms = await someTerms(world)
      const id = orderIdOf(world, terms)
      assert.equal(await escrow.read.orderId([terms]), id)
      assert.equal(await escrow.read.DOMAIN_SEPARATOR(), domainSeparator({ domain }))

      const payouts: Payout[] = [
        { index: 1, amount: 5n },
        { index: 2 ** 32 - 1, amount: 2n ** 64n - 1n },
      ]
      const batch = someBatch(world, [{ orderId: id, charged: 1n }], payouts, { fee: 3n })
      assert.equal(await escrow.read.hashBatch([batch]), batchDigest(world, batch))

      const acceptance = { orderId: id, payoutsHash: keccak256(batch.payouts), fee: 3n, resultsRoot: ROOT }
      assert.equal(
        await escrow.read.hashAcceptance([id, batch.payouts, 3n, ROOT]),
        hashTypedData({ domain, types: TYPES, primaryType: 'ClientAcceptance', message: acceptance }),
      )
      const verdict = someVerdict(world, { terms, id })
      assert.equal(await disputes.read.hashVerdict([verdict]), verdictDigest(world, verdict))
      await checkOperatorMessages(world, id)
    }
  })

  it('are empty-safe: a batch without payouts hashes the empty bytes', async () => {
    await using world = await openWorld()
    const batch = someBatch(world, [{ orderId: word('order'), charged: 0n }], [])
    assert.equal(batch.payouts, '0x')
    assert.equal(await world.escrow.read.hashBatch([batch]), batchDigest(world, batch))
  })
})

/** Commit, audit commit and commitment, which Disputes judges. */
async function checkOperatorMessages(world: World, orderId: Hex): Promise<void> {
  const { disputes, providers, validators, chainId, escrow } = world
  const domain = domainOf(chainId, escrow.address)
  const provider = (providers[0] as { address: Address }).address
  const validator = (validators[0] as { address: Address }).address
  const attempt = { orderId, shard: 4_000_000_000, attempt: 2, provider }
  const commitment = commitmentOf(world, attempt, OPENING)
  const place = [orderId, attempt.shard, attempt.attempt, provider] as const
  assert.equal(await disputes.read.commitmentOf([...place, OPENING.resultRoot, OPENING.salt]), commitment)

  const sealedHash = word('sealed')
  assert.equal(
    await disputes.read.hashCommit([...place, commitment, sealedHash]),
    hashTypedData({ domain, types: TYPES, primaryType: 'Commit', message: { ...attempt, commitment, sealedHash } }),
  )
  const audit = { commitment, round: 255, validator, auditCommitment: word('audit') }
  assert.equal(
    await disputes.read.hashAuditCommit([commitment, 255, validator, audit.auditCommitment]),
    hashTypedData({ domain, types: TYPES, primaryType: 'AuditCommit', message: audit }),
  )
  const accused = [...place, 1] as const
  const types = ['bytes32', 'uint32', 'uint32', 'address', 'uint8'].map((type) => ({ type }))
  assert.equal(await disputes.read.verdictIdOf(accused), keccak256(encodeAbiParameters(types, accused)))
}

interface Vector {
  chainId: number
  escrow: Address
  terms: {
    client: Address
    aggregator: Address
    maxAmount: string
    settleBy: number
    refundAt: number
    quorumId: number
    feeBps: number
    specHash: Hex
    salt: Hex
  }
  orderId: Hex
  batch: {
    aggregator: Address
    quorumId: number
    ordersHash: Hex
    tabsHash: Hex
    payoutsHash: Hex
    fee: string
    resultsRoot: Hex
  }
  orders: { orderId: Hex; charged: string }[]
  payouts: { index: number; amount: string }[]
  acceptance: { orderId: Hex; fee: string; resultsRoot: Hex }
  acceptanceDigest: Hex
  batchDigest: Hex
  verdict: {
    orderId: Hex
    shard: number
    attempt: number
    accused: Address
    outcome: number
    slash: string
    detector: Address
    quorumId: number
    evidence: Hex
  }
  verdictDigest: Hex
  voucher: {
    client: Address
    aggregator: Address
    quorumId: number
    feeBps: number
    generation: number
    ceiling: string
  }
  voucherDigest: Hex
  tabs: { client: Address; ceiling: string; spentAfter: string; feeBps: number; signature: Hex }[]
  packedTabs: Hex
  deposit: { client: Address; aggregator: Address; amount: string; salt: Hex }
  depositNonce: Hex
  ruling: { verdictId: Hex; round: number; guilty: boolean; evidence: Hex }
  rulingDigest: Hex
}

const toDraw = (tab: Vector['tabs'][number]): Draw => ({
  ...tab,
  ceiling: BigInt(tab.ceiling),
  spentAfter: BigInt(tab.spentAfter),
})

describe('the shared EIP-712 vector', () => {
  it('is what the contracts compute at its chain id and escrow address', async () => {
    const file = new URL('../../packages/protocol/vectors/eip712.json', import.meta.url)
    const vector = JSON.parse(await readFile(file, 'utf8')) as Vector
    await using world = await openWorld({ chainId: vector.chainId })
    const { escrow, disputes } = await moveEscrow(world, vector.escrow)

    const terms = { ...vector.terms, maxAmount: BigInt(vector.terms.maxAmount) }
    assert.equal(await escrow.read.orderId([terms]), vector.orderId)
    assert.equal(orderIdOf({ ...world, escrow }, terms), vector.orderId)

    const orders = packOrders(vector.orders.map(({ orderId, charged }) => ({ orderId, charged: BigInt(charged) })))
    const payouts = packPayouts(vector.payouts.map(({ index, amount }) => ({ index, amount: BigInt(amount) })))
    assert.equal(keccak256(orders), vector.batch.ordersHash)
    assert.equal(keccak256(payouts), vector.batch.payoutsHash)
    assert.equal(keccak256(vector.packedTabs), vector.batch.tabsHash)
    assert.equal(packTabs(vector.tabs.map(toDraw)), vector.packedTabs)
    const batch = { ...vector.batch, orders, tabs: vector.packedTabs, payouts, fee: BigInt(vector.batch.fee) }
    assert.equal(await escrow.read.hashBatch([batch]), vector.batchDigest)
    const { orderId: id, fee, resultsRoot } = vector.acceptance
    assert.equal(await escrow.read.hashAcceptance([id, payouts, BigInt(fee), resultsRoot]), vector.acceptanceDigest)

    const { client, aggregator, quorumId, feeBps, generation, ceiling } = vector.voucher
    const voucher = [client, aggregator, quorumId, feeBps, generation, BigInt(ceiling)] as const
    assert.equal(await escrow.read.hashVoucher(voucher), vector.voucherDigest)
    const { deposit, ruling } = vector
    const payment = [deposit.client, deposit.aggregator, BigInt(deposit.amount), deposit.salt] as const
    assert.equal(await escrow.read.hashTabDeposit(payment), vector.depositNonce)
    assert.equal(
      await disputes.read.hashRuling([ruling.verdictId, ruling.round, ruling.guilty, ruling.evidence]),
      vector.rulingDigest,
    )

    const verdict = { ...vector.verdict, slash: BigInt(vector.verdict.slash) }
    assert.equal(await disputes.read.hashVerdict([verdict]), vector.verdictDigest)
  })
})

/**
 * The same contracts with the escrow at another address: its code is copied there, where it computes the domain anew,
 * and the code of Disputes gets that address in place of the old one.
 */
async function moveEscrow(world: World, address: Address): Promise<Pick<World, 'escrow' | 'disputes'>> {
  const { publicClient, escrow, disputes } = world
  const escrowCode = await publicClient.getCode({ address: escrow.address })
  const disputesCode = await publicClient.getCode({ address: disputes.address })
  const bare = (given: Address) => given.slice(2).toLowerCase()
  const moved = disputesCode?.replaceAll(bare(escrow.address), bare(address))
  assert.notEqual(moved, disputesCode)
  await world.rpc('hardhat_setCode', address, escrowCode)
  await world.rpc('hardhat_setCode', disputes.address, moved)
  return { escrow: world.escrowAt(address), disputes }
}
