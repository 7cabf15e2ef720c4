/** A deployment on a private copy of a chain: what it would cost and whether it would work, without sending anything. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { createHardhatRuntimeEnvironment } from 'hardhat/hre'
import { type Address, createPublicClient, createWalletClient, custom, encodeDeployData, parseEther, toHex } from 'viem'

import { readArtifact } from './artifacts.ts'
import {
  type ContractAddresses,
  type ContractName,
  MARKET_CONTRACTS,
  type MarketParameters,
  constructorArguments,
} from './market-parameters.ts'
import { PROJECT_ROOT } from './project-root.ts'
import { verifyMarket } from './verify-market.ts'

export interface RehearseOptions {
  readonly rpcUrl: string
  readonly chainId: number
  readonly deployer: Address
  readonly parameters: MarketParameters
  readonly addresses: ContractAddresses
  /** How many of the four stand already, from an earlier run that was interrupted. */
  readonly done: number
}

export interface Rehearsal {
  /** Gas of each contract that is still to be created. */
  readonly gas: readonly { readonly name: ContractName; readonly gas: bigint }[]
}

/**
 * Forks the chain at its present block, creates what is missing and verifies the whole market there. Throws with the
 * revert's name if a constructor refuses, or with what is wrong if the result is not what was planned.
 */
export async function rehearseMarket(options: RehearseOptions): Promise<Rehearsal> {
  const { rpcUrl, chainId } = options
  // The engine keeps what it read of a chain by chain id and block. Another chain may bear the same id tomorrow.
  const cache = await mkdtemp(join(tmpdir(), 'assay-rehearsal-'))
  await using stack = new AsyncDisposableStack()
  stack.defer(() => rm(cache, { recursive: true }))
  const hre = await createHardhatRuntimeEnvironment(
    {
      paths: { cache },
      networks: {
        fork: {
          type: 'edr-simulated',
          hardfork: 'osaka',
          chainId,
          loggingEnabled: false,
          forking: { enabled: true, url: rpcUrl },
        },
      },
    },
    {},
    PROJECT_ROOT,
  )
  const connection = await hre.network.create({ network: 'fork' })
  stack.defer(() => connection.close())
  return { gas: await createMissing(connection.provider, options) }
}

/** Creates what does not stand yet, verifies the whole, and returns the gas of each. */
async function createMissing(
  provider: Parameters<typeof custom>[0],
  { deployer, parameters, addresses, done }: RehearseOptions,
): Promise<Rehearsal['gas']> {
  await provider.request({ method: 'hardhat_impersonateAccount', params: [deployer] })
  // Whether the deployer can pay is asked on the chain itself.
  await provider.request({ method: 'hardhat_setBalance', params: [deployer, toHex(parseEther('1000000'))] })
  const transport = custom(provider, { retryCount: 0 })
  const client = createPublicClient({ transport, pollingInterval: 10, cacheTime: 0 })
  const wallet = createWalletClient({ transport, account: deployer })
  const args = constructorArguments(parameters, addresses)
  const gas: Rehearsal['gas'][number][] = []
  for (const name of MARKET_CONTRACTS.slice(done)) {
    const { abi, bytecode } = await readArtifact(`${name}.sol/${name}`)
    const data = encodeDeployData({ abi, bytecode, args: args[name] })
    const hash = await wallet.sendTransaction({ data, chain: null })
    const receipt = await client.waitForTransactionReceipt({ hash })
    if (receipt.status !== 'success') throw new Error(`rehearsal: ${name} was not created`)
    gas.push({ name, gas: receipt.gasUsed })
  }
  const problems = await verifyMarket(client, addresses, parameters)
  if (problems.length > 0) throw new Error(`rehearsal: ${problems.join('; ')}`)
  return gas
}
