import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { deployMarket } from '@assay/contracts/deploy'
import { startLocalChain, type LocalChain } from '@assay/contracts/local-chain'
import { asAddress } from '@assay/protocol'
import {
  createPublicClient,
  createTestClient,
  createWalletClient,
  domainSeparator,
  http,
  pad,
  toHex,
  type Address,
  type Hex,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { checkToken, deriveSeparator } from '../src/check-token.ts'
import { networkOf } from '../src/networks.ts'
import { openChain } from '../src/open-chain.ts'

const never = new AbortController().signal
const good = { name: 'USD Coin', version: '2', decimals: 6 }

/** A chain with this id and a market on it. */
async function openWorld(chainId: number) {
  const local = await startLocalChain({ chainId })
  const transport = http(local.rpcUrl)
  const client = createPublicClient({ transport, cacheTime: 0, pollingInterval: 10 })
  const test = createTestClient({ mode: 'hardhat', transport })
  const account = privateKeyToAccount(local.accounts[0]!.privateKey)
  const walletClient = createWalletClient({ account, transport })
  const market = await deployMarket({ walletClient, publicClient: client })
  return { local, client, test, market, token: asAddress(market.token) }
}
type World = Awaited<ReturnType<typeof openWorld>>

/** The same token whose contract holds another separator. */
async function withSeparator({ client, test }: World, token: Address, from: Hex, to: Hex): Promise<void> {
  const code = (await client.getCode({ address: token }))!
  assert.ok(code.includes(from.slice(2)), 'the separator is in the code')
  await test.setCode({ address: token, bytecode: code.replaceAll(from.slice(2), to.slice(2)) as Hex })
}

describe('opening a market', () => {
  let world: World
  let polygon: LocalChain
  before(async () => {
    world = await openWorld(31_337)
    polygon = await startLocalChain({ chainId: 137 })
  })
  after(async () => {
    await world.local[Symbol.asyncDispose]()
    await polygon[Symbol.asyncDispose]()
  })

  it('reads its addresses and the domain of its token', async () => {
    const { local, market } = world
    const chain = await openChain({ rpcUrls: [local.rpcUrl], escrow: asAddress(market.escrow), fromBlock: 2 }, never)
    const { token, stakes, quorums, disputes, escrow } = chain.reader.market
    assert.deepEqual(
      [token, stakes, quorums, disputes, escrow],
      [market.token, market.stakes, market.quorums, market.disputes, market.escrow].map((one) => asAddress(one)),
    )
    assert.deepEqual([chain.reader.market.tokenName, chain.reader.market.tokenVersion], [good.name, good.version])
    assert.deepEqual([chain.chainId, chain.fromBlock, chain.clients.length], [31_337, 2, 1])
  })

  it('refuses another chain behind any of its URLs, and lives with a dead one', async () => {
    const escrow = asAddress(world.market.escrow)
    const { rpcUrl } = world.local
    const wrong = openChain({ rpcUrls: [rpcUrl, polygon.rpcUrl], escrow }, never)
    await assert.rejects(wrong, { code: 'chain-mismatch', details: { have: 137, need: 31_337 } })
    await assert.rejects(openChain({ rpcUrls: [rpcUrl], escrow, chainId: 137 }, never), { code: 'chain-mismatch' })
    const dead = 'http://127.0.0.1:9'
    const chain = await openChain({ rpcUrls: [dead, rpcUrl], escrow }, never)
    assert.equal(chain.chainId, 31_337)
    await assert.rejects(openChain({ rpcUrls: [dead], escrow }, never), { code: 'rpc-unavailable' })
    await assert.rejects(openChain({ rpcUrls: [], escrow }, never), { code: 'config-invalid' })
  })

  it('refuses an address without a market', async () => {
    const rpcUrls = [world.local.rpcUrl]
    const nobody = asAddress(world.local.accounts[3]!.address)
    await assert.rejects(openChain({ rpcUrls, escrow: nobody }, never), { code: 'chain-mismatch' })
    await assert.rejects(openChain({ rpcUrls, escrow: world.token }, never), { code: 'chain-mismatch' })
  })

  it('accepts a token that is what it says, and names what differs', async () => {
    const { client, token } = world
    const expected = { ...good, chainId: 31_337, address: token }
    await checkToken(client, expected, never)
    for (const [change, field, have] of [
      [{ name: 'USDC' }, 'name', 'USD Coin'],
      [{ version: '1' }, 'version', '2'],
      [{ decimals: 18 }, 'decimals', '6'],
    ] as const)
      await assert.rejects(checkToken(client, { ...expected, ...change }, never), (error: { details: object }) => {
        assert.deepEqual(
          { ...error.details, differs: undefined },
          {
            token,
            chainId: 31_337,
            field,
            have,
            need: String(Object.values(change)[0]),
            differs: undefined,
          },
        )
        return true
      })
    await assert.rejects(checkToken(client, { ...expected, chainId: 137 }, never), { code: 'chain-mismatch' })
    const empty = asAddress(world.local.accounts[3]!.address)
    await assert.rejects(checkToken(client, { ...expected, address: empty }, never), { code: 'chain-mismatch' })
    const noToken = asAddress(world.market.stakes)
    await assert.rejects(checkToken(client, { ...expected, address: noToken }, never), (error: unknown) => {
      assert.ok(error instanceof Error && 'code' in error && 'details' in error)
      assert.equal(error.code, 'token-mismatch')
      const { differs } = error.details as { differs: string }
      assert.equal(differs, 'name, version, decimals, domain separator')
      return true
    })
  })

  it('refuses a token whose domain is another one, a salted one by its name', async () => {
    const { client, local, market, test, token } = world
    const expected = { ...good, chainId: 31_337, address: token }
    const own = deriveSeparator(expected)
    const domain = { name: good.name, version: good.version, verifyingContract: token }
    const salted = domainSeparator({ domain: { ...domain, salt: pad(toHex(31_337)) } })
    const foreign = domainSeparator({ domain: { ...domain, chainId: 1 } })
    const open = () => openChain({ rpcUrls: [local.rpcUrl], escrow: asAddress(market.escrow) }, never)
    for (const [separator, field] of [
      [salted, 'salted domain'],
      [foreign, 'domain separator'],
    ] as const) {
      const code = (await client.getCode({ address: token }))!
      await withSeparator(world, token, own, separator)
      for (const refused of [checkToken(client, expected, never), open()])
        await assert.rejects(refused, (error: { code: string; details: { field: string; have: string } }) => {
          assert.deepEqual([error.code, error.details.field, error.details.have], ['token-mismatch', field, separator])
          return true
        })
      await test.setCode({ address: token, bytecode: code })
    }
    await open()
  })

  it('wants the token of its network where the network has one', async () => {
    const onPolygon = await openWorld(137)
    try {
      const options = { rpcUrls: [onPolygon.local.rpcUrl], escrow: asAddress(onPolygon.market.escrow) }
      await assert.rejects(openChain(options, never), (error: { code: string; details: Record<string, string> }) => {
        assert.equal(error.code, 'token-mismatch')
        assert.equal(error.details['field'], 'address')
        assert.equal(error.details['need'], networkOf(137)?.token?.address)
        return true
      })
      const chain = await openChain({ ...options, token: { ...good, address: onPolygon.token } }, never)
      assert.equal(chain.chainId, 137)
    } finally {
      await onPolygon.local[Symbol.asyncDispose]()
    }
  })
})
