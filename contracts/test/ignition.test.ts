import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'

import { network } from 'hardhat'
import {
  type Address,
  type Hex,
  createPublicClient,
  custom,
  decodeDeployData,
  getContractAddress,
  isAddressEqual,
} from 'viem'

import { readArtifact } from '../deploy/artifacts.ts'
import {
  MARKET_CONTRACTS,
  MARKET_DEFAULTS,
  type MarketParameters,
  constructorArguments,
  predictAddresses,
} from '../deploy/market-parameters.ts'
import { verifyMarket } from '../deploy/verify-market.ts'
import market from '../ignition/modules/market.ts'

/** A chain with a test token and its first account as deployer. */
async function openStage() {
  const connection = await network.create()
  const client = createPublicClient({ transport: custom(connection.provider, { retryCount: 0 }), cacheTime: 0 })
  const [wallet] = await connection.viem.getWalletClients()
  assert.ok(wallet !== undefined)
  const { address: token } = await connection.viem.deployContract('TestUsdc')
  const deployer = wallet.account.address
  const firstNonce = await client.getTransactionCount({ address: deployer })
  const parameters: MarketParameters = { ...MARKET_DEFAULTS, token, guardian: deployer }
  const deploy = (disputes: Address) =>
    connection.ignition.deploy(market, { parameters: { Market: { ...parameters, disputes } } })
  return { connection, client, deployer, firstNonce, parameters, deploy }
}

describe('the Ignition module', () => {
  let stage: Awaited<ReturnType<typeof openStage>>
  const addressesOf = () => predictAddresses(stage.deployer, stage.firstNonce)
  before(async () => {
    stage = await openStage()
    await stage.deploy(addressesOf().Disputes)
  })
  after(() => stage.connection.close())

  it('creates Stakes, Quorums, Escrow and Disputes with four nonces in this order', async () => {
    const { client, deployer, firstNonce, parameters } = stage
    const latest = await client.getBlockNumber()
    const blocks = await Promise.all(
      MARKET_CONTRACTS.map((_, i) =>
        client.getBlock({ blockNumber: latest - 3n + BigInt(i), includeTransactions: true }),
      ),
    )
    const sent = blocks.flatMap(({ transactions }) => transactions)
    assert.deepEqual(
      sent.map(({ nonce }) => nonce),
      [0, 1, 2, 3].map((offset) => firstNonce + offset),
    )
    const expected = constructorArguments(parameters, addressesOf())
    for (const [position, name] of MARKET_CONTRACTS.entries()) {
      const { abi, bytecode } = await readArtifact(`${name}.sol/${name}`)
      const { args } = decodeDeployData({ abi, bytecode, data: sent[position]?.input as Hex })
      assert.deepEqual(args.map(lower), expected[name].map(lower), name)
      const address = getContractAddress({ from: deployer, nonce: BigInt(firstNonce + position) })
      assert.ok(isAddressEqual(address, addressesOf()[name]))
    }
  })

  it('makes what verification approves of', async () => {
    assert.deepEqual(await verifyMarket(stage.client, addressesOf(), stage.parameters), [])
  })

  it('fails at Disputes if its address was predicted wrongly', async () => {
    await using other = { stage: await openStage(), [Symbol.asyncDispose]: () => other.stage.connection.close() }
    const { deployer, firstNonce, deploy } = other.stage
    await assert.rejects(deploy(predictAddresses(deployer, firstNonce + 1).Disputes), /NotSlasher/)
  })

  it('is told apart from anything else by verification', async () => {
    const { client, parameters } = stage
    const addresses = addressesOf()
    const other = { ...parameters, guardian: addresses.Escrow, dailySlashCap: 1n }
    assert.deepEqual(
      (await verifyMarket(client, addresses, other)).map((problem) => problem.split(' ')[0]),
      ['Stakes.GUARDIAN', 'Escrow.GUARDIAN', 'Disputes.DAILY_SLASH_CAP'],
    )
    const swapped = { ...addresses, Stakes: addresses.Quorums }
    assert.match(
      (await verifyMarket(client, swapped, parameters)).join(),
      /Stakes: the code at .* is not what this source/,
    )
    const empty = { ...addresses, Escrow: stage.deployer }
    assert.match((await verifyMarket(client, empty, parameters)).join(), /Escrow: there is no contract/)
  })
})

function lower(value: unknown): unknown {
  return typeof value === 'string' ? value.toLowerCase() : value
}
