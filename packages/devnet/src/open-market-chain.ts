import { openChain, openOperatorAccount, type Chain } from '@assay/chain'
import { deployMarket } from '@assay/contracts/deploy'
import { startLocalChain, type LocalChain } from '@assay/contracts/local-chain'
import { mintTestUsdc } from '@assay/contracts/test-usdc'
import { asAddress, usdc, type Address, type QuorumId, type UsdcBase } from '@assay/protocol'
import { createPublicClient, createTestClient, createWalletClient, http, parseEther } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import type { Actor } from './actors.ts'

export interface MarketChainOptions {
  readonly aggregator: Actor
  /** Each may stake less than the others. */
  readonly providers: readonly (Actor & { readonly stakeUsdc?: UsdcBase })[]
  readonly validators: readonly Actor[]
  readonly client: Actor
  /** Clients besides, with as much money. */
  readonly otherClients?: readonly Actor[]
  readonly threshold: number
  readonly stakeUsdc: UsdcBase
  readonly clientUsdc: UsdcBase
  readonly port?: number
}
/** A local chain with a whole market on it: contracts deployed, operators staked, quorum formed, client funded. */
export interface MarketChain extends AsyncDisposable {
  readonly rpcUrl: string
  readonly escrow: Address
  readonly quorumId: QuorumId
  /** A connection of its own for each service. */
  connect(signal: AbortSignal): Promise<Chain>
  /** Moves the chain's clock ahead, for deadlines that a test cannot wait for. */
  passTime(seconds: number): Promise<void>
}

export async function openMarketChain(options: MarketChainOptions, signal: AbortSignal): Promise<MarketChain> {
  await using stack = new AsyncDisposableStack()
  const local = stack.use(await startLocalChain({ port: options.port ?? 0 }))
  const transport = http(local.rpcUrl)
  const publicClient = createPublicClient({ transport, pollingInterval: 20, cacheTime: 0 })
  const testClient = createTestClient({ mode: 'hardhat', transport })
  const walletClient = createWalletClient({ account: privateKeyToAccount(local.accounts[0]!.privateKey), transport })
  // Unbonding outlasts everything a devnet does; verdicts slash at once, so that a short run shows them.
  const market = await deployMarket({
    publicClient,
    walletClient,
    appealWindow: 0,
    minValidatorStake: options.stakeUsdc,
  })
  const connect = (inner: AbortSignal): Promise<Chain> =>
    openChain({ rpcUrls: [local.rpcUrl], escrow: asAddress(market.escrow), pollMs: 50 }, inner)
  const clients = [options.client, ...(options.otherClients ?? [])]
  const actors = [options.aggregator, ...options.providers, ...options.validators, ...clients]
  await giveCoins(local, actors)
  for (const { address, amount } of balances(options))
    await mintTestUsdc({ walletClient, publicClient, token: market.token, to: address, amount })
  const chain = await connect(signal)
  await stakeAll(chain, options, signal)
  const members = options.validators.map((validator) => validator.address)
  const quorumId = await openOperatorAccount(chain, options.aggregator.privateKey).createQuorum(
    members,
    options.threshold,
    signal,
  )
  const owned = stack.move()
  return {
    rpcUrl: local.rpcUrl,
    escrow: asAddress(market.escrow),
    quorumId,
    connect,
    passTime: async (seconds) => {
      await testClient.increaseTime({ seconds })
      await testClient.mine({ blocks: 1 })
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

function balances(options: MarketChainOptions) {
  const { providers, validators, aggregator, client, otherClients = [], stakeUsdc, clientUsdc } = options
  const staked = [...providers, ...validators, aggregator].map(({ address }) => ({
    address,
    amount: stakeUsdc,
  }))
  return [...staked, ...[client, ...otherClients].map(({ address }) => ({ address, amount: clientUsdc }))]
}

/** Coins for gas, straight from the chain's own accounts. */
async function giveCoins(local: LocalChain, actors: readonly Actor[]): Promise<void> {
  const transport = http(local.rpcUrl)
  const wallet = createWalletClient({ account: privateKeyToAccount(local.accounts[1]!.privateKey), transport })
  for (const { address } of actors) await wallet.sendTransaction({ to: address, value: parseEther('10'), chain: null })
}

async function stakeAll(
  chain: Chain,
  { providers, validators, aggregator, stakeUsdc }: MarketChainOptions,
  signal: AbortSignal,
): Promise<void> {
  const stake = (
    actor: Actor & { readonly stakeUsdc?: UsdcBase },
    roles: { provider?: boolean; validator?: boolean; aggregator?: boolean },
  ): Promise<void> =>
    openOperatorAccount(chain, actor.privateKey).ensureStaked(
      { roles, stakeUsdc: actor.stakeUsdc ?? usdc(stakeUsdc) },
      signal,
    )
  await Promise.all([
    ...providers.map((actor) => stake(actor, { provider: true })),
    ...validators.map((actor) => stake(actor, { validator: true })),
    stake(aggregator, { aggregator: true }),
  ])
}
