/** The chain adapter against the real contracts, by the same suite that the fake chain passes. */
import { deployMarket } from '@assay/contracts/deploy'
import { startLocalChain } from '@assay/contracts/local-chain'
import { mintTestUsdc, testUsdcAbi } from '@assay/contracts/test-usdc'
import { asAddress, usdc } from '@assay/protocol'
import { chainCompliance, chainComplianceWriters, disputeCompliance, type ChainHarness } from '@assay/testkit'
import { createPublicClient, createTestClient, createWalletClient, http } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { createMemoryLog, openChain, openOperatorAccount, openWallet } from '../src/index.ts'

const never = new AbortController().signal
const coins = 10n ** 21n

const open = async (): Promise<ChainHarness> => {
  const local = await startLocalChain()
  const transport = http(local.rpcUrl)
  const publicClient = createPublicClient({ transport, pollingInterval: 10, cacheTime: 0 })
  const test = createTestClient({ mode: 'hardhat', transport })
  const deployer = privateKeyToAccount(local.accounts[0]!.privateKey)
  const walletClient = createWalletClient({ transport, account: deployer })
  const { escrow, token } = await deployMarket({ publicClient, walletClient, appealWindow: 3600 })
  const chain = await openChain({ rpcUrls: [local.rpcUrl], escrow: asAddress(escrow), pollMs: 10 }, never)
  for (const { address } of chainComplianceWriters) await test.setBalance({ address, value: coins })
  const mint: ChainHarness['mint'] = async (to, amount) => {
    await mintTestUsdc({ publicClient, walletClient, token, to, amount })
  }
  return {
    reader: chain.reader,
    writer: ({ privateKey }) => openWallet(chain, privateKey, createMemoryLog()),
    mint,
    async register({ address, privateKey }, role, stakeUsdc) {
      await test.setBalance({ address, value: coins })
      await mint(address, stakeUsdc)
      const account = openOperatorAccount(chain, privateKey)
      await account.ensureStaked({ roles: { [role]: true }, stakeUsdc: usdc(stakeUsdc) }, never)
      const operator = await chain.reader.operator(address, never)
      return operator!.index
    },
    createQuorum: (members, threshold, appealsTo) =>
      openOperatorAccount(chain, chainComplianceWriters[0]!.privateKey).createQuorum(
        members.map(({ address }) => address),
        threshold,
        never,
        appealsTo,
      ),
    async warp(second) {
      await test.setNextBlockTimestamp({ timestamp: BigInt(second) })
      await test.mine({ blocks: 1 })
    },
    async setBlacklisted(owner, on) {
      const hash = await walletClient.writeContract({
        address: token,
        abi: testUsdcAbi,
        functionName: 'setBlacklisted',
        args: [owner, on],
        chain: null,
      })
      await publicClient.waitForTransactionReceipt({ hash })
    },
    [Symbol.asyncDispose]: () => local[Symbol.asyncDispose](),
  }
}

chainCompliance('the contracts on a local chain', open)
disputeCompliance('the contracts on a local chain', open)
