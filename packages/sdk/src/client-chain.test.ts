import assert from 'node:assert/strict'
import test from 'node:test'
import { isMarketError, usdc } from '@assay/protocol'
import { createFakeClock, named } from '@assay/testkit'
import { createFakeWorld } from '../test/fixture/fake-world.ts'
import { checkBalance, checkMarketOnChain, checkTrustedMarket } from './client-chain.ts'

const world = createFakeWorld(createFakeClock(), { clientUsdc: 500n })
const { market, client } = world
const chain = { reader: world.chain.reader }
const never = new AbortController().signal
const mismatch = (field: string) => (error: unknown) =>
  isMarketError(error) && error.code === 'chain-mismatch' && error.details['field'] === field

test('finds every field in which the aggregator and the chain differ', () => {
  checkMarketOnChain(market, chain)
  const other = named<typeof market.escrow>('other')
  checkThrows({ ...market, chainId: 1 }, 'chainId')
  for (const field of ['escrow', 'token', 'stakes', 'quorums', 'disputes'] as const)
    checkThrows({ ...market, [field]: other }, field)
  checkThrows({ ...market, tokenName: 'USD Coin (PoS)' }, 'tokenName')
  checkThrows({ ...market, tokenVersion: '1' }, 'tokenVersion')
})

test('takes an escrow of the aggregator’s choice only where money is play money', () => {
  checkTrustedMarket(market, undefined)
  const real = { ...market, chainId: 137 }
  assert.throws(
    () => checkTrustedMarket(real, undefined),
    (error) => isMarketError(error) && error.code === 'config-invalid',
  )
  checkTrustedMarket(real, { chainId: 137, escrow: market.escrow.toUpperCase().replace('0X', '0x') })
  assert.throws(() => checkTrustedMarket(real, { chainId: 137, escrow: named('thief') }), mismatch('escrow'))
  assert.throws(() => checkTrustedMarket(real, { chainId: 1, escrow: market.escrow }), mismatch('chainId'))
})

test('says how much is missing in the wallet', async () => {
  await checkBalance(chain, client.address, usdc(500n), never)
  await assert.rejects(checkBalance(chain, client.address, usdc(501n), never), (error) => {
    assert.ok(isMarketError(error))
    assert.equal(error.code, 'balance-insufficient')
    assert.deepEqual(error.details, { wallet: client.address, needUsdc: '0.000501', balanceUsdc: '0.000500' })
    return true
  })
})

function checkThrows(info: typeof market, field: string): void {
  assert.throws(() => checkMarketOnChain(info, chain), mismatch(field))
}
