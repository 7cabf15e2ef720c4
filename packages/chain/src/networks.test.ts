import assert from 'node:assert/strict'
import { it } from 'node:test'
import { compareToken, deriveSeparator } from './check-token.ts'
import { networkOf, networks } from './networks.ts'

/** What the tokens answer to `DOMAIN_SEPARATOR()` on their chains, as published by people who asked them. */
const separators: Readonly<Record<number, string>> = {
  137: '0xcaa2ce1a5703ccbe253a34eb3166df60a705c561b44b192061e28f2a985be2ca',
  80_002: '0x5cddc98319864e897e4469bd1d13c2288c677047b54b8cca12bd342adb6be9eb',
}

it('derives for every token the separator that its contract reports', () => {
  const known = networks.flatMap(({ chainId, token }) => (token === undefined ? [] : [{ ...token, chainId }]))
  assert.deepEqual(
    Object.fromEntries(known.map((token) => [token.chainId, deriveSeparator(token)])),
    separators,
    'a token without a published separator is not sourced',
  )
  for (const { decimals, version } of known) assert.deepEqual([decimals, version], [6, '2'])
})

it('has each chain once, and none that it does not know', () => {
  assert.deepEqual(
    networks.map(({ chainId }) => chainId),
    [...new Set(networks.map(({ chainId }) => chainId))],
  )
  assert.equal(networkOf(137)?.name, 'polygon')
  assert.equal(networkOf(1), undefined)
})

it('knows the bridged USDC.e of Polygon by its salted domain', () => {
  const polygon = networkOf(137)?.token
  assert.ok(polygon)
  const address = '0x2791bca1f2de4661ed88a30c99a7a9449aa84174' as typeof polygon.address
  const separator = '0x294369e003769a2d4d625e8a9ebebffa09ff70dd7c708497d8b56d2c2d199a19'
  const bridged = { address, name: 'USD Coin (PoS)', version: undefined, decimals: 6, separator } as const
  const differences = compareToken(bridged, { ...polygon, chainId: 137 })
  // Salts go with the address, so it is recognised even when somebody expects it.
  const expectant = compareToken(bridged, { ...polygon, address, chainId: 137 })
  assert.equal(differences[0]?.field, 'address')
  assert.equal(expectant[0]?.field, 'salted domain')
})
