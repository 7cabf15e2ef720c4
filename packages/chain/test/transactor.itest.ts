import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { isMarketError } from '@assay/protocol'
import { parseTransaction, type Hex } from 'viem'
import { usdcAbi } from '../src/abi/usdc.ts'
import { createMemoryLog } from '../src/transaction-log.ts'
import { createTransactor } from '../src/transactor.ts'
import { foreign, minerOf, openLab, until, type Lab, type Wire } from './lab.ts'

const never = new AbortController().signal
const fast = { confirmMs: 20_000, stuckMs: 1e9, rebroadcastMs: 1e9 }
const pass: Wire = (_method, _params, next) => next()

describe('the transactor on a real chain that mines when told to', () => {
  let lab: Lab
  before(async () => void (lab = await openLab()))
  after(() => lab[Symbol.asyncDispose]())

  it('sends an effect once, and answers the same key with the same transaction', async () => {
    const { privateKey } = await lab.key()
    const log = createMemoryLog()
    const effect = lab.mint('once')
    const transactor = createTransactor(lab.connect(minerOf(lab)), privateKey, log, fast)
    const [first, twin] = await Promise.all([transactor.send(effect, never), transactor.send(effect, never)])
    assert.deepEqual(twin, first)
    const again = createTransactor(lab.connect(pass), privateKey, log, fast)
    assert.deepEqual(await again.send(effect, never), first)
    assert.equal(await effect.count(), 1)
    assert.equal(log.find(effect.key)?.state, 'confirmed')
    assert.equal(log.find(effect.key)?.mined, first.transactionHash)
  })

  it('pipelines nonces in the order of the calls and never more at once than it may', async () => {
    const { privateKey, account } = await lab.key()
    const log = createMemoryLog()
    const effects = Array.from({ length: 7 }, (_, index) => lab.mint(`pipeline ${index}`))
    let most = 0
    const miner = minerOf(lab, 20)
    const wire: Wire = async (method, params, next) => {
      const { address } = account
      // In this order, so that a block in between does not count what it took as being on its way.
      const pending = await lab.client.getTransactionCount({ address, blockTag: 'pending' })
      const latest = await lab.client.getTransactionCount({ address, blockTag: 'latest' })
      most = Math.max(most, pending - latest)
      // A node whose pool knows nothing of what it was sent: the log knows.
      if (params[1] === 'pending') return `0x${latest.toString(16)}`
      return miner(method, params, next)
    }
    const transactor = createTransactor(lab.connect(wire), privateKey, log, { ...fast, maxInFlight: 3 })
    const sent = await Promise.all(effects.map((effect) => transactor.send(effect, never)))
    const nonces = effects.map(({ key }) => log.find(key)?.signed[0]?.nonce)
    assert.deepEqual(nonces, [0, 1, 2, 3, 4, 5, 6])
    assert.equal(most, 3)
    assert.ok(sent.every(({ blockNumber }, index) => index === 0 || blockNumber >= sent[index - 1]!.blockNumber))
    for (const effect of effects) assert.equal(await effect.count(), 1)
  })

  it('refuses what would revert before signing, with the typed reason, and tries afresh when asked again', async () => {
    const { privateKey, account } = await lab.key()
    const log = createMemoryLog()
    const transactor = createTransactor(lab.connect(minerOf(lab)), privateKey, log, fast)
    const to = lab.local.accounts[1]!.address
    const call = { address: lab.token, abi: usdcAbi, functionName: 'transfer', args: [to, 5n] }
    const effect = { ...call, key: 'poor transfer', what: 'moving money' }
    await assert.rejects(transactor.send(effect, never), { code: 'balance-insufficient' })
    assert.deepEqual([log.find(effect.key)?.state, log.find(effect.key)?.signed], ['failed', []])
    assert.deepEqual(log.open(), [])
    const funds = lab.mint('funds')
    await transactor.send({ ...funds, args: [account.address, 5n] }, never)
    await transactor.send(effect, never)
    assert.equal(log.find(effect.key)?.state, 'confirmed')
  })

  it('names the reason of a revert in the block, and signs anew only after that', async () => {
    const { privateKey, account } = await lab.key()
    const log = createMemoryLog()
    const transactor = createTransactor(lab.connect(minerOf(lab)), privateKey, log, fast)
    await transactor.send({ ...lab.mint('funds'), args: [account.address, 10n] }, never)
    const to = lab.local.accounts[1]!.address
    const call = { what: 'moving all the money', address: lab.token, abi: usdcAbi, functionName: 'transfer' }
    const move = (key: string) => ({ ...call, key, args: [to, 10n] })
    // Both are fine when they are estimated: neither is mined until both are signed.
    let held = true
    const miner = minerOf(lab)
    const wire: Wire = (method, params, next) => (held ? next() : miner(method, params, next))
    const slow = createTransactor(lab.connect(wire), privateKey, log, { ...fast, finality: { confirmations: 1 } })
    const estimate: Wire = (method, params, next) =>
      method === 'eth_estimateGas' ? Promise.resolve('0x20000') : wire(method, params, next)
    const blind = createTransactor(lab.connect(estimate), privateKey, log, { ...fast, finality: { confirmations: 1 } })
    const results = Promise.allSettled([blind.send(move('first'), never), blind.send(move('second'), never)])
    await until(() => log.open().filter(({ state }) => state === 'signed').length === 2)
    held = false
    const [first, second] = await results
    assert.equal(first.status, 'fulfilled')
    assert.ok(second.status === 'rejected')
    const reason: unknown = second.reason
    assert.ok(isMarketError(reason))
    assert.equal(reason.code, 'balance-insufficient')
    assert.equal(reason.details['hash'], log.find('second')?.signed[0]?.hash)
    await lab.mine(3)
    await assert.rejects(slow.send(move('second'), never), { code: 'balance-insufficient' })
    assert.equal(log.find('second')?.state, 'failed')
    await transactor.send({ ...lab.mint('funds'), args: [account.address, 10n] }, never)
    await transactor.send(move('second'), never)
    assert.equal(log.find('second')?.signed.length, 2)
  })

  it('replaces a stuck transaction with higher fees and the same nonce, and counts whichever is mined', async () => {
    for (const mined of ['newest', 'oldest'] as const) {
      const { privateKey } = await lab.key()
      const log = createMemoryLog()
      const effect = lab.mint(`stuck ${mined}`)
      const sends: string[] = []
      const wire: Wire = (method, params, next) => {
        if (method !== 'eth_sendRawTransaction') return next()
        sends.push(String(params[0]))
        // The oldest reaches the node; what replaces it does not.
        return mined === 'oldest' && sends.length > 1 ? Promise.resolve('0x') : next()
      }
      const options = { ...fast, stuckMs: 30, maxReplacements: 3 }
      const sending = createTransactor(lab.connect(wire), privateKey, log, options).send(effect, never)
      await until(() => log.find(effect.key)?.signed.length === 4)
      await delay(100)
      await lab.mine()
      const sent = await sending
      const { signed } = log.find(effect.key)!
      assert.equal(signed.length, 4, 'it stops at the bound')
      assert.equal(new Set(signed.map(({ nonce }) => nonce)).size, 1)
      assert.equal(sent.transactionHash, signed.at(mined === 'newest' ? -1 : 0)?.hash)
      assert.equal(await effect.count(), 1)
      const fees = signed.map(({ raw }) => parseTransaction(raw))
      for (const [index, { maxFeePerGas, maxPriorityFeePerGas }] of fees.entries()) {
        const before = fees[index - 1]
        if (before === undefined) continue
        assert.ok(maxFeePerGas! * 1000n >= before.maxFeePerGas! * 1125n)
        assert.ok(maxPriorityFeePerGas! * 1000n >= before.maxPriorityFeePerGas! * 1125n)
      }
    }
  })

  it('gets a transaction mined that was signed below the base fee, by raising its fees', async () => {
    const { privateKey } = await lab.key()
    const effect = lab.mint('base fee')
    const log = createMemoryLog()
    const transactor = createTransactor(lab.connect(minerOf(lab)), privateKey, log, { ...fast, stuckMs: 20 })
    const base = (await lab.client.getBlock()).baseFeePerGas!
    await lab.rpc('hardhat_setNextBlockBaseFeePerGas', `0x${(base * 3n).toString(16)}`)
    const cheap: Wire = (method, _params, next) =>
      method === 'eth_maxPriorityFeePerGas' ? Promise.resolve('0x1') : next()
    const held = createTransactor(lab.connect(cheap), privateKey, log, { ...fast, confirmMs: 50 })
    await assert.rejects(held.send(effect, never), { code: 'transaction-unconfirmed' })
    await lab.mine()
    assert.equal(await effect.count(), 0)
    await transactor.send(effect, never)
    assert.equal(await effect.count(), 1)
    assert.ok(log.find(effect.key)!.signed.length > 1)
  })

  it('sends a dropped transaction again', async () => {
    const { privateKey } = await lab.key()
    const effect = lab.mint('dropped')
    const log = createMemoryLog()
    const transactor = createTransactor(lab.connect(pass), privateKey, log, { ...fast, rebroadcastMs: 30 })
    const sending = transactor.send(effect, never)
    await until(() => log.find(effect.key)?.state === 'signed')
    await delay(50)
    const { hash } = log.find(effect.key)!.signed[0]!
    await until(async () => (await lab.rpc('hardhat_dropTransaction', hash)) === true)
    await delay(100)
    await lab.mine()
    assert.equal((await sending).transactionHash, hash)
  })

  it('signs anew when somebody else used its nonce, but not before that block is final', async () => {
    const { privateKey, account } = await lab.key()
    const effect = lab.mint('foreign')
    const log = createMemoryLog()
    const options = { ...fast, finality: { confirmations: 3 } }
    // Ours never reaches the node.
    let cut = true
    const wire: Wire = (method, _params, next) =>
      method === 'eth_sendRawTransaction' && cut ? Promise.reject(new Error('cut')) : next()
    const transactor = createTransactor(lab.connect(wire), privateKey, log, options)
    const sending = Promise.all([1, 2, 3].map(() => transactor.send(effect, never)))
    await until(() => log.find(effect.key)?.state === 'signed')
    await lab.client.sendRawTransaction({ serializedTransaction: await foreign(lab, account, 0) })
    cut = false
    for (let depth = 0; depth < 3; depth++) {
      await lab.mine()
      await delay(60)
      assert.equal(log.find(effect.key)?.signed.length, 1, `not yet ${depth} blocks deep`)
    }
    while (log.find(effect.key)!.signed.length < 2) {
      await lab.mine()
      await delay(30)
    }
    await lab.mine(5)
    await sending
    assert.deepEqual(
      log.find(effect.key)?.signed.map(({ nonce }) => nonce),
      [0, 1],
    )
    assert.equal(await effect.count(), 1)
  })

  it('fills the gap that a vanished foreign transaction left before its own', async () => {
    const { privateKey, account } = await lab.key()
    const effect = lab.mint('gap')
    const log = createMemoryLog()
    const raws = await Promise.all([foreign(lab, account, 0), foreign(lab, account, 1)])
    const hashes: Hex[] = []
    for (const raw of raws) hashes.push(await lab.client.sendRawTransaction({ serializedTransaction: raw }))
    const options = { ...fast, stuckMs: 50, maxReplacements: 0 }
    const transactor = createTransactor(lab.connect(minerOf({ mine: async () => undefined })), privateKey, log, options)
    const sending = transactor.send(effect, never)
    await until(() => log.find(effect.key)?.state === 'signed')
    assert.equal(log.find(effect.key)?.signed[0]?.nonce, 2)
    for (const hash of hashes.toReversed()) await lab.test.dropTransaction({ hash })
    await until(() => log.find('gap:1')?.state === 'signed')
    await delay(50)
    await lab.mine(2)
    await sending
    assert.equal(await effect.count(), 1)
    assert.equal(log.find(effect.key)?.signed.length, 1)
  })

  it('survives a reorganisation: what was mined and is mined no more is sent again', async () => {
    const { privateKey } = await lab.key()
    const effect = lab.mint('reorg')
    const log = createMemoryLog()
    const options = { ...fast, rebroadcastMs: 20, finality: { confirmations: 4 } }
    const transactor = createTransactor(lab.connect(pass), privateKey, log, options)
    const snapshot = await lab.rpc('evm_snapshot')
    const sending = transactor.send(effect, never)
    await until(() => log.find(effect.key)?.state === 'signed')
    await delay(30)
    await lab.mine()
    const first = await sending
    await lab.rpc('evm_revert', snapshot)
    await lab.mine()
    assert.equal(await effect.count(), 0)
    assert.equal(log.find(effect.key)?.state, 'signed')
    const again = transactor.resume(never)
    await delay(50)
    await lab.mine(6)
    const [resumed] = await again
    assert.equal(resumed?.sent?.transactionHash, first.transactionHash)
    assert.equal(await effect.count(), 1)
    await transactor.resume(never)
    assert.equal(log.find(effect.key)?.state, 'confirmed')
  })

  it('stays below its caps, and says so by code', async () => {
    const { privateKey } = await lab.key()
    const log = createMemoryLog()
    const effect = lab.mint('caps')
    const base = (await lab.client.getBlock()).baseFeePerGas!
    for (const caps of [{ maxFeePerGas: base }, { maxTransactionFee: base * 21_000n }]) {
      const transactor = createTransactor(lab.connect(pass), privateKey, log, { ...fast, ...caps })
      await assert.rejects(transactor.send(effect, never), { code: 'fee-over-cap' })
      assert.equal(log.find(effect.key)?.state, 'intended')
    }
    const options = { ...fast, stuckMs: 10, confirmMs: 200, maxFeePerGas: base * 2n + 1_000_000_000n }
    const tight = createTransactor(lab.connect(pass), privateKey, log, options)
    await assert.rejects(tight.send(effect, never), { code: 'fee-over-cap' })
    assert.ok(log.find(effect.key)!.signed.length >= 1)
    await createTransactor(lab.connect(minerOf(lab)), privateKey, log, fast).send(effect, never)
    assert.equal(await effect.count(), 1)
  })

  it('says that the account is short of coins before it signs', async () => {
    const { privateKey, account } = await lab.key()
    await lab.test.setBalance({ address: account.address, value: 1000n })
    const log = createMemoryLog()
    const effect = lab.mint('poor')
    const transactor = createTransactor(lab.connect(minerOf(lab)), privateKey, log, fast)
    await assert.rejects(transactor.send(effect, never), { code: 'gas-insufficient' })
    assert.deepEqual(log.find(effect.key)?.signed, [])
    await lab.test.setBalance({ address: account.address, value: 10n ** 18n })
    await transactor.send(effect, never)
    assert.equal(await effect.count(), 1)
  })

  it('sends to every node, and one that works is enough', async () => {
    const { privateKey } = await lab.key()
    const sends: string[] = []
    const wire =
      (name: string, works: boolean): Wire =>
      (method, _params, next) => {
        if (method === 'eth_sendRawTransaction') sends.push(name)
        return works || method !== 'eth_sendRawTransaction' ? next() : Promise.reject(new Error('away'))
      }
    const connection = lab.connect(wire('a', false), wire('b', true), wire('c', false))
    const effect = lab.mint('several')
    const sending = createTransactor(connection, privateKey, createMemoryLog(), fast).send(effect, never)
    await until(() => sends.length === 3)
    await delay(30)
    await lab.mine()
    await sending
    assert.deepEqual(sends.toSorted(), ['a', 'b', 'c'])
  })

  it('stops waiting when aborted, and another life finishes', async () => {
    const { privateKey } = await lab.key()
    const log = createMemoryLog()
    const effect = lab.mint('aborted')
    const controller = new AbortController()
    const sending = createTransactor(lab.connect(pass), privateKey, log, fast).send(effect, controller.signal)
    await until(() => log.find(effect.key)?.state === 'signed')
    const reason = new Error('enough')
    controller.abort(reason)
    await assert.rejects(sending, reason)
    const resumed = await createTransactor(lab.connect(minerOf(lab)), privateKey, log, fast).resume(never)
    assert.equal(resumed.length, 1)
    assert.equal(await effect.count(), 1)
  })
})
