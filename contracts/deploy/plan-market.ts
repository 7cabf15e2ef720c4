/** What to deploy next: a fresh plan, or the rest of one that was interrupted. */
import type { Address, PublicClient } from 'viem'

import type { DeploymentPlan } from './deployment-files.ts'
import { MARKET_CONTRACTS, type MarketParameters, predictAddresses } from './market-parameters.ts'

/** A plan and how much of it stands. */
export interface Progress {
  readonly plan: DeploymentPlan
  /** How many of the four contracts stand, 0 to 4. */
  readonly done: number
}

/** A plan that starts with the deployer's next nonce. Throws if the deployer has transactions that are not mined yet. */
export async function planMarket(
  client: PublicClient,
  deployer: Address,
  parameters: MarketParameters,
): Promise<DeploymentPlan> {
  const [chainId, fromBlock, mined, sent] = await Promise.all([
    client.getChainId(),
    client.getBlockNumber(),
    client.getTransactionCount({ address: deployer }),
    client.getTransactionCount({ address: deployer, blockTag: 'pending' }),
  ])
  if (sent !== mined)
    throw new Error(`${deployer} has ${sent - mined} transactions that are not mined yet: wait for them`)
  const addresses = predictAddresses(deployer, mined)
  return { chainId, deployer, firstNonce: mined, fromBlock: Number(fromBlock), addresses, parameters }
}

/**
 * How far a plan got. Throws if it cannot be finished any more, because the deployer sent something else in between: the
 * nonces have moved on, and Disputes cannot come to the address that Stakes was given.
 */
export async function readProgress(client: PublicClient, plan: DeploymentPlan): Promise<Progress> {
  const { deployer, firstNonce, addresses } = plan
  const codes = await Promise.all(MARKET_CONTRACTS.map((name) => client.getCode({ address: addresses[name] })))
  const missing = codes.findIndex((code) => code === undefined)
  const done = missing < 0 ? MARKET_CONTRACTS.length : missing
  const mined = await client.getTransactionCount({ address: deployer })
  if (done < MARKET_CONTRACTS.length && mined !== firstNonce + done) {
    throw new Error(
      `${deployer} has sent ${mined - firstNonce} transactions since this deployment began, and ${done} of its contracts ` +
        `stand: ${MARKET_CONTRACTS[done]} can no longer come to ${addresses[MARKET_CONTRACTS[done] ?? 'Disputes']}`,
    )
  }
  return { plan, done }
}
