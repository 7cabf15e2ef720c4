import assert from 'node:assert/strict'
import test from 'node:test'
import { isMarketError, usdc, type OrderId } from '@assay/protocol'
import { named } from '@assay/testkit'
import fc from 'fast-check'
import { createSpendingCap } from './spending-cap.ts'

const [a, b] = [named<OrderId>('a'), named<OrderId>('b')]
const exceeded = (error: unknown): boolean => isMarketError(error) && error.code === 'cap-exceeded'

test('counts all orders together and refuses the one that would pass the cap', () => {
  const cap = createSpendingCap(usdc(100n))
  cap.take(a, usdc(60n))
  assert.throws(() => cap.take(b, usdc(41n)), exceeded)
  cap.take(b, usdc(40n))
  assert.equal(cap.leftUsdc(), 0n)
})

test('takes an order once, however often it is submitted', () => {
  const cap = createSpendingCap(usdc(100n))
  cap.take(a, usdc(60n))
  cap.take(a, usdc(60n))
  assert.equal(cap.takenUsdc(), 60n)
})

test('frees what a settled order did not cost, and never takes more than before', () => {
  const cap = createSpendingCap(usdc(100n))
  cap.take(a, usdc(60n))
  cap.settle(a, usdc(45n))
  assert.equal(cap.leftUsdc(), 55n)
  cap.settle(a, usdc(90n))
  assert.equal(cap.leftUsdc(), 55n)
  cap.settle(b, usdc(1n))
  assert.equal(cap.leftUsdc(), 55n)
})

test('gives a dropped order back as a whole', () => {
  const cap = createSpendingCap(usdc(100n))
  cap.take(a, usdc(60n))
  cap.drop(a)
  assert.equal(cap.leftUsdc(), 100n)
})

test('never lets more be taken than the cap, in any order of calls', () => {
  const step = fc.record({
    what: fc.constantFrom('take', 'drop', 'settle'),
    order: fc.integer({ min: 0, max: 5 }),
    amount: fc.bigInt({ min: 0n, max: 200n }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const cap = createSpendingCap(usdc(300n))
      for (const { what, order, amount } of steps) {
        const id = named<OrderId>(`${order}`)
        try {
          if (what === 'take') cap.take(id, usdc(amount))
          else if (what === 'drop') cap.drop(id)
          else cap.settle(id, usdc(amount))
        } catch (error) {
          assert.ok(exceeded(error))
        }
        assert.ok(cap.takenUsdc() <= 300n)
        assert.equal(cap.takenUsdc() + cap.leftUsdc(), 300n)
      }
    }),
  )
})
