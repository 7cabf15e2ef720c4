import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import {
  createPublicClient,
  createTestClient,
  createWalletClient,
  getAddress,
  getContractAddress,
  zeroAddress,
  http,
  parseAbi,
  parseEther,
  webSocket,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'

import { disputesAbi } from '../../packages/chain/src/abi/disputes.ts'
import { escrowAbi } from '../../packages/chain/src/abi/escrow.ts'
import { quorumsAbi } from '../../packages/chain/src/abi/quorums.ts'
import { stakesAbi } from '../../packages/chain/src/abi/stakes.ts'
import { type LocalAccount, type LocalChain, startLocalChain } from '../chain/local-chain.ts'
import { deployMarket, deployTestUsdc } from '../deploy/deploy-market.ts'
import { mintTestUsdc } from '../deploy/test-usdc.ts'
import { DAY, openWorld } from './support/world.ts'

function clientsOf(chain: LocalChain) {
  const transport = http(chain.rpcUrl, { retryCount: 0 })
  const { privateKey } = chain.accounts[0] as LocalAccount
  return {
    publicClient: createPublicClient({ transport, pollingInterval: 20, cacheTime: 0 }),
    walletClient: createWalletClient({ transport, account: privateKeyToAccount(privateKey) }),
  }
}

describe('deployMarket on a local chain', () => {
  it('wires the four contracts around a fresh token', async () => {
    await using chain = await startLocalChain({ chainId: 137 })
    const clients = clientsOf(chain)
    const market = await deployMarket({ ...clients, unbondingDelay: 11 * DAY, appealWindow: 0, minValidatorStake: 5n })
    const { publicClient } = clients
    const stakes = { address: market.stakes, abi: stakesAbi } as const
    const escrow = { address: market.escrow, abi: escrowAbi } as const
    const disputes = { address: market.disputes, abi: disputesAbi } as const
    const quorums = { address: market.quorums, abi: quorumsAbi } as const
    const [token, judge, delay, window, minStake, escrowStakes] = await Promise.all([
      publicClient.readContract({ ...escrow, functionName: 'TOKEN' }),
      publicClient.readContract({ ...stakes, functionName: 'DISPUTES' }),
      publicClient.readContract({ ...stakes, functionName: 'UNBONDING_DELAY' }),
      publicClient.readContract({ ...disputes, functionName: 'APPEAL_WINDOW' }),
      publicClient.readContract({ ...quorums, functionName: 'MIN_STAKE' }),
      publicClient.readContract({ ...escrow, functionName: 'STAKES' }),
    ])
    assert.deepEqual(
      [token, judge, delay, window, minStake, escrowStakes],
      [getAddress(market.token), getAddress(market.disputes), 11 * DAY, 0, 5n, getAddress(market.stakes)],
    )
    assert.equal(market.fromBlock, 2n)
  })

  it('uses a given token, and mints it on request', async () => {
    await using chain = await startLocalChain()
    const clients = clientsOf(chain)
    const token = await deployTestUsdc(clients)
    const market = await deployMarket({ ...clients, token })
    assert.equal(market.token, token)
    const to = (chain.accounts[1] as LocalAccount).address
    await mintTestUsdc({ ...clients, token, to, amount: 7n })
    const balance = await clients.publicClient.readContract({
      address: token,
      abi: parseAbi(['function balanceOf(address) view returns (uint256)']),
      functionName: 'balanceOf',
      args: [to],
    })
    assert.equal(balance, 7n)
  })

  it('refuses a token without 6 decimals', async () => {
    await assert.rejects(openWorld({ tokenName: 'WideUsdc' }), /WrongToken/)
  })

  it('refuses stake that can leave before a case must be brought', async () => {
    await assert.rejects(openWorld({ unbondingDelay: 10 * DAY }), /StakeLeavesTooSoon/)
  })

  it('refuses a daily cap under which no verdict could be carried out', async () => {
    await assert.rejects(openWorld({ dailySlashCap: 0n }), /ZeroDailyCap/)
  })

  it('refuses a disputes contract that the stakes do not name', async () => {
    await using world = await openWorld()
    await assert.rejects(
      world.connection.viem.deployContract('Disputes', [world.escrow.address, 0, 0, 1n]),
      /NotSlasher/,
    )
  })

  for (const apart of ['quorums', 'token'] as const)
    it(`refuses parts around another ${apart === 'quorums' ? 'stakes contract' : 'token'}`, async () => {
      await using world = await openWorld()
      const { connection, publicClient, deployer, market } = world
      const token = apart === 'token' ? (await connection.viem.deployContract('TestUsdc')).address : market.token
      const nonce = BigInt(await publicClient.getTransactionCount({ address: deployer.address }))
      // Stakes, quorums and escrow come first, then the disputes contract that the stakes have to name.
      const disputes = getContractAddress({ from: deployer.address, nonce: nonce + 3n })
      const args = [market.token, disputes, 14 * DAY, zeroAddress] as const
      const stakes = (await connection.viem.deployContract('Stakes', [...args])).address
      const under = apart === 'quorums' ? market.stakes : stakes
      const quorums = (await connection.viem.deployContract('Quorums', [under, 1n])).address
      const escrow = (await connection.viem.deployContract('Escrow', [token, stakes, quorums, zeroAddress])).address
      await assert.rejects(connection.viem.deployContract('Disputes', [escrow, 0, 0, 1n]), /WiredApart/)
    })
})

describe('the local chain', () => {
  it('funds its accounts, keeps wall-clock time, and moves it on request', async () => {
    await using chain = await startLocalChain({ accounts: 3 })
    const { publicClient, walletClient } = clientsOf(chain)
    assert.equal(chain.accounts.length, 3)
    for (const { address } of chain.accounts) {
      assert.equal(await publicClient.getBalance({ address }), parseEther('10000'))
    }
    const [, { address: to }] = chain.accounts as [LocalAccount, LocalAccount]
    for (let i = 0; i < 20; i += 1) await walletClient.sendTransaction({ to, value: 1n, chain: null })
    const { timestamp } = await publicClient.getBlock()
    const wallClock = BigInt(Math.floor(Date.now() / 1000))
    assert.ok(timestamp <= wallClock && timestamp >= wallClock - 600n, `${timestamp} against ${wallClock}`)

    const test = createTestClient({ mode: 'hardhat', transport: http(chain.rpcUrl) })
    await test.increaseTime({ seconds: 86_400 })
    await test.mine({ blocks: 1 })
    assert.ok((await publicClient.getBlock()).timestamp >= timestamp + 86_400n)
  })

  it('mines by interval when asked to', async () => {
    await using chain = await startLocalChain({ mining: { auto: false, intervalMs: 50 } })
    const { publicClient, walletClient } = clientsOf(chain)
    const hash = await walletClient.sendTransaction({ to: walletClient.account.address, chain: null })
    assert.equal((await publicClient.waitForTransactionReceipt({ hash })).status, 'success')
  })

  it('closes with clients still connected, and frees its port', async () => {
    const chain = await startLocalChain()
    const transport = webSocket(chain.wsUrl, { reconnect: false, keepAlive: false, retryCount: 0 })
    const socket = createPublicClient({ transport })
    assert.equal(await socket.getChainId(), chain.chainId)
    await chain[Symbol.asyncDispose]()
    await using next = await startLocalChain({ port: chain.port })
    assert.equal(next.port, chain.port)
  })
})
