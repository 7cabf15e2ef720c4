/** Deploying a market for good: every check first, then Ignition, then verification, then the record. */
import { checkToken } from '@assay/chain'
import { asAddress } from '@assay/protocol'
import { type Hex, type PublicClient, createPublicClient, formatEther, http, isAddressEqual, parseAbi } from 'viem'
import {
  type DeploymentFiles,
  type DeploymentPlan,
  type DeploymentRecord,
  openDeploymentFiles,
} from '../../contracts/deploy/deployment-files.ts'
import { MARKET_CONTRACTS, MARKET_DEFAULTS, type MarketParameters } from '../../contracts/deploy/market-parameters.ts'
import { type Progress, planMarket, readProgress } from '../../contracts/deploy/plan-market.ts'
import { rehearseMarket } from '../../contracts/deploy/rehearse-market.ts'
import { runIgnition } from '../../contracts/deploy/run-ignition.ts'
import { verifyMarket } from '../../contracts/deploy/verify-market.ts'
import type { DeployRequest } from './deploy-request.ts'

export interface DeploymentResult {
  readonly outcome: 'deployed' | 'already deployed' | 'dry run'
  readonly plan: DeploymentPlan
  /** Of the contracts still to be created, from the rehearsal. */
  readonly gas: bigint
  /** Most that this can cost at the fees of the moment, in wei of the native coin. */
  readonly cost: bigint
}

export interface DeploymentContext {
  /** Where journals and records go. */
  readonly folder: string
  /** The commit being deployed, if this is a clone. */
  readonly commit: string | undefined
  readonly say: (line: string) => void
}

/** For the whole of one question to a node. */
const RPC_TIMEOUT_MS = 30_000
/** A node's fee moves while four blocks go by. */
const FEE_MARGIN_PERCENT = 125n

/**
 * Carries out a request. Throws, with nothing sent, if the chain, the token, the deployer's balance, an earlier unfinished
 * deployment or the rehearsal is not as it should be. Throws later if a transaction fails: running it again goes on.
 */
export async function runDeployment(request: DeployRequest, context: DeploymentContext): Promise<DeploymentResult> {
  const { say } = context
  const client = createPublicClient({ transport: http(request.rpcUrl, { timeout: RPC_TIMEOUT_MS, retryCount: 2 }) })
  const chainId = await requireChain(client, request)
  const files = openDeploymentFiles(context.folder, chainId)
  const record = await files.readRecord()
  if (record !== undefined) return reportExisting(client, record, files, say)

  await requireToken(client, request, chainId)
  const { plan, done } = await findPlan(client, request, files)
  say(
    `${request.network.name} (chain ${chainId}), token ${plan.parameters.token}: name, version, decimals, domain checked`,
  )
  describePlan(plan, done, say)

  const { rpcUrl, deployer } = request
  const { parameters, addresses } = plan
  const rehearsal = await rehearseMarket({ rpcUrl, chainId, deployer, parameters, addresses, done })
  const gas = rehearsal.gas.reduce((sum, one) => sum + one.gas, 0n)
  for (const one of rehearsal.gas) say(`  ${one.name.padEnd(9)} ${one.gas} gas`)
  const cost = await requireFunds(client, request, gas, say)
  if (request.dryRun) return { outcome: 'dry run', plan, gas, cost }

  await files.writePending(plan)
  await runIgnition({ plan, files, rpcUrl, privateKey: keyOf(request), ...(isLocal(request) && LOCAL_WAITS) })
  const problems = await verifyMarket(client, addresses, parameters)
  if (problems.length > 0) throw new Error(`deployed, but not as planned: ${problems.join('; ')}`)
  await files.writeRecord({ ...plan, ...(context.commit !== undefined && { commit: context.commit }) })
  say('verified: the code of all contracts, and how they are wired')
  return { outcome: 'deployed', plan, gas, cost }
}

const LOCAL_WAITS = { confirmations: 1, pollMs: 50 }

function isLocal({ network }: DeployRequest): boolean {
  return network.token === undefined
}

function keyOf({ privateKey }: DeployRequest): Hex {
  if (privateKey === undefined) throw new Error('no key to deploy with')
  return privateKey
}

async function requireChain(client: PublicClient, { network, rpcUrl }: DeployRequest): Promise<number> {
  const have = await client.getChainId()
  if (have !== network.chainId) {
    throw new Error(`${new URL(rpcUrl).origin} serves chain ${have}; ${network.name} is chain ${network.chainId}`)
  }
  return have
}

/** A local chain's token has no published name: it has to be consistent with itself. */
async function requireToken(client: PublicClient, { network, token }: DeployRequest, chainId: number): Promise<void> {
  const signal = AbortSignal.timeout(RPC_TIMEOUT_MS)
  if (network.token !== undefined) return checkToken(client, { ...network.token, chainId }, signal)
  const abi = parseAbi(['function name() view returns (string)', 'function version() view returns (string)'])
  const [name, version] = await Promise.all([
    client.readContract({ address: token, abi, functionName: 'name' }),
    client.readContract({ address: token, abi, functionName: 'version' }),
  ])
  return checkToken(client, { address: asAddress(token), name, version, decimals: 6, chainId }, signal)
}

/** The unfinished plan, if there is one: what Stakes was told about Disputes cannot be taken back. */
async function findPlan(client: PublicClient, request: DeployRequest, files: DeploymentFiles): Promise<Progress> {
  const parameters: MarketParameters = { ...MARKET_DEFAULTS, token: request.token, guardian: request.guardian }
  const pending = await files.readPending()
  if (pending === undefined) return { plan: await planMarket(client, request.deployer, parameters), done: 0 }
  const advice = `To give it up, move ${files.pendingPath} and ${files.journalFolder} away: what stands holds nothing.`
  if (!isAddressEqual(pending.deployer, request.deployer)) {
    throw new Error(`an unfinished deployment here was begun by ${pending.deployer}. ${advice}`)
  }
  const differing = Object.entries(parameters).filter(
    ([name, value]) => Reflect.get(pending.parameters, name) !== value,
  )
  if (differing.length > 0) {
    const names = differing.map(([name]) => name).join(', ')
    throw new Error(`an unfinished deployment here has another ${names}. ${advice}`)
  }
  try {
    return await readProgress(client, pending)
  } catch (cause) {
    throw new Error(`an unfinished deployment here cannot be finished. ${advice}`, { cause })
  }
}

function describePlan(
  { deployer, firstNonce, addresses, parameters }: DeploymentPlan,
  done: number,
  say: (line: string) => void,
): void {
  say(`deployer ${deployer}, nonces ${firstNonce} to ${firstNonce + MARKET_CONTRACTS.length - 1}`)
  MARKET_CONTRACTS.forEach((name, position) =>
    say(`  ${name.padEnd(9)} ${addresses[name]}${position < done ? ' (stands already)' : ''}`),
  )
  for (const [name, value] of Object.entries(parameters)) say(`  ${name}: ${value}`)
}

async function requireFunds(
  client: PublicClient,
  { deployer, dryRun }: DeployRequest,
  gas: bigint,
  say: (line: string) => void,
): Promise<bigint> {
  const [{ maxFeePerGas }, balance] = await Promise.all([
    client.estimateFeesPerGas(),
    client.getBalance({ address: deployer }),
  ])
  const cost = (gas * maxFeePerGas * FEE_MARGIN_PERCENT) / 100n
  say(`${gas} gas; at most ${formatEther(cost)} of the native coin; the deployer has ${formatEther(balance)}`)
  if (balance < cost) {
    const missing = `the deployer needs ${formatEther(cost - balance)} more of the native coin`
    if (!dryRun) throw new Error(missing)
    say(missing)
  }
  return cost
}

async function reportExisting(
  client: PublicClient,
  record: DeploymentRecord,
  files: DeploymentFiles,
  say: (line: string) => void,
): Promise<DeploymentResult> {
  say(`${files.recordPath} says that a market stands here already`)
  describePlan(record, MARKET_CONTRACTS.length, say)
  const problems = await verifyMarket(client, record.addresses, record.parameters)
  if (problems.length > 0) throw new Error(`it is not what this source says: ${problems.join('; ')}`)
  say('verified: the code of all contracts, and how they are wired')
  return { outcome: 'already deployed', plan: record, gas: 0n, cost: 0n }
}
