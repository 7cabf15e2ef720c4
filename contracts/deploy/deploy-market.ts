/**
 * Deploys a whole market: Stakes, Quorums, Escrow and Disputes around one token, on any chain that speaks JSON-RPC.
 *
 * Stakes must know Disputes before it exists, so the address is predicted from the deployer's nonce. A wrong prediction
 * cannot go unnoticed: the constructor of Disputes compares. The deployer keeps no rights over anything.
 */
import {
  type Account,
  type Address,
  type Chain,
  type PublicClient,
  type Transport,
  type WalletClient,
  getContractAddress,
  zeroAddress,
} from 'viem'

import { readArtifact } from './artifacts.ts'

export interface DeployMarketOptions {
  /** Pays for the deployment. Nothing else may send from its account meanwhile. */
  readonly walletClient: WalletClient<Transport, Chain | undefined, Account>
  readonly publicClient: PublicClient
  /** The USDC to use. Without it a `TestUsdc` is deployed, which anyone can mint. */
  readonly token?: Address
  /** How long stake and payout changes wait, in seconds; default 14 days. Must be more than 10: longest refund + verdict window. */
  readonly unbondingDelay?: number
  /** Time in which a verdict or a ruling can be appealed, in seconds; default 3 days. 0 suits local chains only. */
  readonly appealWindow?: number
  /** Time in which a quorum of appeal rules, in seconds; default 3 days. */
  readonly rulingWindow?: number
  /** Most that verdicts of one quorum take in a day, in USDC base units; default 10 000 USDC. */
  readonly dailySlashCap?: bigint
  /** Who may stop new funding and registration for up to 7 days; default nobody. */
  readonly guardian?: Address
  /** Active stake, in USDC base units, that a member needs when a quorum is created; default 100 USDC. */
  readonly minValidatorStake?: bigint
}

export interface MarketAddresses {
  readonly token: Address
  readonly stakes: Address
  readonly quorums: Address
  readonly escrow: Address
  readonly disputes: Address
}

export interface DeployedMarket extends MarketAddresses {
  /** Block of the first of these contracts: where to start reading events. */
  readonly fromBlock: bigint
}

const DAY = 86_400
/** Disputes is the fourth transaction, after Stakes, Quorums and Escrow. */
const DISPUTES_NONCE_OFFSET = 3n

/** Deploys and waits for every receipt. Rejects if a deployment reverts, for example on a token without 6 decimals. */
export async function deployMarket(options: DeployMarketOptions): Promise<DeployedMarket> {
  const { walletClient, publicClient } = options
  const token = options.token ?? (await deployTestUsdc(options))
  const guardian = options.guardian ?? zeroAddress
  const deployer = walletClient.account.address
  const nonce = BigInt(await publicClient.getTransactionCount({ address: deployer, blockTag: 'pending' }))
  const predicted = getContractAddress({ from: deployer, nonce: nonce + DISPUTES_NONCE_OFFSET })

  const stakes = await deploy(options, 'Stakes.sol/Stakes', [
    token,
    predicted,
    options.unbondingDelay ?? 14 * DAY,
    guardian,
  ])
  const quorums = await deploy(options, 'Quorums.sol/Quorums', [
    stakes.address,
    options.minValidatorStake ?? 100_000_000n,
  ])
  const escrow = await deploy(options, 'Escrow.sol/Escrow', [token, stakes.address, quorums.address, guardian])
  const disputes = await deploy(options, 'Disputes.sol/Disputes', [
    escrow.address,
    options.appealWindow ?? 3 * DAY,
    options.rulingWindow ?? 3 * DAY,
    options.dailySlashCap ?? 10_000_000_000n,
  ])
  return {
    token,
    stakes: stakes.address,
    quorums: quorums.address,
    escrow: escrow.address,
    disputes: disputes.address,
    fromBlock: stakes.block,
  }
}

/** Deploys the test token alone; anyone can mint it. */
export async function deployTestUsdc(
  clients: Pick<DeployMarketOptions, 'walletClient' | 'publicClient'>,
): Promise<Address> {
  const { address } = await deploy(clients, 'testing/TestUsdc.sol/TestUsdc', [])
  return address
}

async function deploy(
  { walletClient, publicClient }: Pick<DeployMarketOptions, 'walletClient' | 'publicClient'>,
  name: string,
  args: readonly unknown[],
): Promise<{ address: Address; block: bigint }> {
  const { abi, bytecode } = await readArtifact(name)
  const hash = await walletClient.deployContract({
    abi,
    bytecode,
    args,
    account: walletClient.account,
    chain: walletClient.chain ?? null,
  })
  const receipt = await publicClient.waitForTransactionReceipt({ hash })
  if (receipt.status !== 'success' || !receipt.contractAddress) {
    throw new Error(`${name} was not deployed: transaction ${hash} reverted`)
  }
  return { address: receipt.contractAddress, block: receipt.blockNumber }
}
