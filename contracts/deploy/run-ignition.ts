/** Runs the Ignition module over a plan: journalled, so that it goes on where it was interrupted. */
import hardhatToolboxViem from '@nomicfoundation/hardhat-toolbox-viem'
import { createHardhatRuntimeEnvironment } from 'hardhat/hre'
import { type Hash, type Hex, type PublicClient, createPublicClient, http, isAddressEqual } from 'viem'

import market from '../ignition/modules/market.ts'
import type { DeploymentFiles, DeploymentPlan } from './deployment-files.ts'
import { MARKET_CONTRACTS } from './market-parameters.ts'
import { PROJECT_ROOT } from './project-root.ts'

export interface IgnitionRun {
  readonly plan: DeploymentPlan
  readonly files: DeploymentFiles
  readonly rpcUrl: string
  /** Of the plan's deployer. Nothing else may send from this account meanwhile. */
  readonly privateKey: Hex
  /** Blocks on top of a transaction before the next is sent; default Ignition's, 5. */
  readonly confirmations?: number
  /** Between questions for new blocks; default Ignition's, a second. */
  readonly pollMs?: number
}

type Hardhat = Awaited<ReturnType<typeof createHardhatRuntimeEnvironment>>

const NETWORK = 'target'

/**
 * Sends what has not been sent, waits for all of it. Rejects if a creation fails; running it again goes on from there, also
 * after a transaction whose fate nobody was told.
 */
export async function runIgnition(run: IgnitionRun): Promise<void> {
  const { plan, files, rpcUrl, privateKey } = run
  const { chainId } = plan
  const hre = await createHardhatRuntimeEnvironment(
    {
      plugins: [hardhatToolboxViem],
      paths: { ignition: files.ignitionFolder },
      networks: { [NETWORK]: { type: 'http', chainType: 'l1', url: rpcUrl, chainId, accounts: [privateKey] } },
    },
    { network: NETWORK },
    PROJECT_ROOT,
  )
  const client = createPublicClient({ transport: http(rpcUrl), cacheTime: 0 })
  // Every run settles one lost transaction at least, and there are no more than contracts.
  for (let attempt = 0; ; attempt += 1) {
    try {
      await deploy(hre, run)
      return
    } catch (error) {
      if (!isLostTransaction(error) || attempt >= MARKET_CONTRACTS.length) throw error
      await settleLost(hre, client, plan, error.messageArguments)
    }
  }
}

async function deploy(hre: Hardhat, { plan, confirmations, pollMs }: IgnitionRun): Promise<void> {
  const { chainId, parameters, addresses } = plan
  const connection = await hre.network.create()
  try {
    await connection.ignition.deploy(market, {
      deploymentId: `chain-${chainId}`,
      parameters: { Market: { ...parameters, disputes: addresses.Disputes } },
      config: {
        ...(confirmations !== undefined && { requiredConfirmations: confirmations }),
        ...(pollMs !== undefined && { blockPollingInterval: pollMs, retryInterval: pollMs }),
      },
    })
  } finally {
    await connection.close()
  }
}

interface LostTransaction {
  readonly futureId: string
  readonly nonce: number
}

/** Hardhat's number for a transaction that was about to be sent when the run ended. */
const TRANSACTION_LOST = 10_410

function isLostTransaction(error: unknown): error is Error & { readonly messageArguments: LostTransaction } {
  if (!(error instanceof Error) || !('number' in error) || error.number !== TRANSACTION_LOST) return false
  if (!('messageArguments' in error)) return false
  const given = error.messageArguments
  if (typeof given !== 'object' || given === null || !('futureId' in given) || !('nonce' in given)) return false
  return typeof given.futureId === 'string' && typeof given.nonce === 'number'
}

/**
 * The journal says that a transaction was about to be sent, and not what became of it. If the chain knows one with this
 * nonce, it is looked up and followed. If not, it is sent again with the same nonce: should the first turn up after all,
 * only one of the two can be mined, and both create the same contract at the same address.
 */
async function settleLost(
  hre: Hardhat,
  client: PublicClient,
  { chainId, deployer, fromBlock }: DeploymentPlan,
  { futureId, nonce }: LostTransaction,
): Promise<void> {
  const deploymentId = `chain-${chainId}`
  const [mined, sent] = await Promise.all([
    client.getTransactionCount({ address: deployer }),
    client.getTransactionCount({ address: deployer, blockTag: 'pending' }),
  ])
  if (mined > nonce) {
    const txHash = await findTransaction(client, { deployer, nonce, fromBlock })
    await hre.tasks.getTask(['ignition', 'track-tx']).run({ txHash, deploymentId })
  } else if (sent > nonce) {
    throw new Error(`transaction ${nonce} of ${deployer} is waiting to be mined: run this again when it is`)
  } else {
    await hre.tasks.getTask(['ignition', 'wipe']).run({ deploymentId, futureId })
  }
}

async function findTransaction(
  client: PublicClient,
  { deployer, nonce, fromBlock }: Pick<DeploymentPlan, 'deployer' | 'fromBlock'> & { readonly nonce: number },
): Promise<Hash> {
  let first = BigInt(fromBlock)
  let last = await client.getBlockNumber()
  while (first < last) {
    const middle = (first + last) / 2n
    const count = await client.getTransactionCount({ address: deployer, blockNumber: middle })
    if (count > nonce) last = middle
    else first = middle + 1n
  }
  const block = await client.getBlock({ blockNumber: first, includeTransactions: true })
  const found = block.transactions.find((one) => one.nonce === nonce && isAddressEqual(one.from, deployer))
  if (found === undefined) throw new Error(`transaction ${nonce} of ${deployer} was mined and cannot be found`)
  return found.hash
}
