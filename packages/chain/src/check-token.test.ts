import assert from 'node:assert/strict'
import { it } from 'node:test'
import { asAddress } from '@assay/protocol'
import { assertToken, compareToken, deriveSeparator, type TokenFacts } from './check-token.ts'

const expected = {
  chainId: 31_337,
  address: asAddress(`0x${'11'.repeat(20)}`),
  name: 'USD Coin',
  version: '2',
  decimals: 6,
}
const { chainId: _chainId, ...said } = expected
const facts: TokenFacts = { ...said, separator: deriveSeparator(expected) }

it('is content with a token that is as expected', () => {
  assert.deepEqual(compareToken(facts, expected), [])
  assertToken(facts, expected)
})

it('names every difference, with what there is and what there should be', () => {
  const cases: readonly [Partial<TokenFacts>, object][] = [
    [{ name: 'USDC' }, { field: 'name', have: 'USDC', need: 'USD Coin' }],
    [{ version: undefined }, { field: 'version', have: 'no answer', need: '2' }],
    [{ decimals: 18 }, { field: 'decimals', have: '18', need: '6' }],
    [{ separator: '0x00' }, { field: 'domain separator', have: '0x00', need: deriveSeparator(expected) }],
    [
      { address: asAddress(`0x${'22'.repeat(20)}`) },
      { field: 'address', have: `0x${'22'.repeat(20)}`, need: expected.address },
    ],
  ]
  for (const [change, difference] of cases) {
    assert.deepEqual(compareToken({ ...facts, ...change }, expected), [difference])
    assert.throws(() => assertToken({ ...facts, ...change }, expected), { code: 'token-mismatch' })
  }
  assert.throws(() => assertToken({ ...facts, name: 'X', decimals: 18 }, expected), {
    details: {
      token: expected.address,
      chainId: 31_337,
      differs: 'name, decimals',
      field: 'name',
      have: 'X',
      need: 'USD Coin',
    },
  })
})

it('takes every part of the domain into the separator', () => {
  const others = [{ name: 'X' }, { version: '1' }, { chainId: 1 }, { address: asAddress(`0x${'33'.repeat(20)}`) }]
  const all = [{}, ...others].map((other) => deriveSeparator({ ...expected, ...other }))
  assert.equal(new Set(all).size, all.length)
})
