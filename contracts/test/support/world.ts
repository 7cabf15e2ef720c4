/** One chain with a deployed market and funded, staked actors, shared by the tests of a file. */
import { network } from 'hardhat'
import {
  type Abi,
  type Address,
  type Chain,
  type Hash,
  type Hex,
  type PrivateKeyAccount,
  type TransactionReceipt,
  createPublicClient,
  createWalletClient,
  custom,
  getContract,
  keccak256,
  parseAbi,
  parseEther,
  zeroAddress,
  toBytes,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'

import { disputesAbi } from '../../../packages/chain/src/abi/disputes.ts'
import { escrowAbi } from '../../../packages/chain/src/abi/escrow.ts'
import { quorumsAbi } from '../../../packages/chain/src/abi/quorums.ts'
import { stakesAbi } from '../../../packages/chain/src/abi/stakes.ts'
import { usdcAbi } from '../../../packages/chain/src/abi/usdc.ts'
import { type DeployMarketOptions, deployMarket, deployTestUsdc } from '../../deploy/deploy-market.ts'
import { testUsdcAbi } from '../../deploy/test-usdc.ts'

export const USDC = 1_000_000n
export const DAY = 86_400
export const UNBONDING_DELAY = 14 * DAY
export const APPEAL_WINDOW = 3 * DAY
export const MIN_STAKE = 100n * USDC
export const VALIDATOR_STAKE = 1_000n * USDC
export const PROVIDER_STAKE = 50n * USDC
export const ROLE = { provider: 1, validator: 2, aggregator: 4 } as const

const VALIDATORS = 5
const PROVIDERS = 16
const THRESHOLD = 3
/** The switches of the tokens in `src/testing/OddTokens.sol`. */
const oddTokenAbi = parseAbi([
  'function setFee(uint256 fee)',
  'function setHook(address target, bytes call)',
  'function setRefused(address account, bool on)',
])

/** Enough for every single call of these tests, and a quarter of what a Polygon transaction may use. */
const GAS = 8_000_000n

export interface WorldOptions extends Partial<Omit<DeployMarketOptions, 'walletClient' | 'publicClient'>> {
  readonly chainId?: number
  /** Rules of the chain; default the newest. */
  readonly hardfork?: 'osaka' | 'prague'
  /** Deploys a token from `src/testing` instead of TestUsdc. */
  readonly tokenName?: 'FalseUsdc' | 'FeeUsdc' | 'ReenteringUsdc' | 'WideUsdc' | 'UsdcProxy'
}

export type World = Awaited<ReturnType<typeof openWorld>>

/**
 * Validators 1 to 5 are operators 1 to 5 and the 3-of-5 quorum 1; providers are operators 6 to 21. Every actor has
 * 10 000 test USDC and has approved the escrow and the stakes contract.
 */
export async function openWorld(options: WorldOptions = {}) {
  const { chainId = 31_337, hardfork = 'osaka', tokenName, ...deployOptions } = options
  const cast = createCast()
  const everyone = [cast.deployer, cast.client, cast.aggregator, cast.detector, cast.stranger]
  everyone.push(...cast.validators, ...cast.providers)
  const accounts = everyone.map(({ key }) => ({ privateKey: key, balance: parseEther('10000') }))
  const connection = await network.create({ network: 'default', override: { chainId, accounts, hardfork } })
  const chain = toChain(chainId)
  const transport = custom(connection.provider, { retryCount: 0 })
  const publicClient = createPublicClient({ chain, transport, pollingInterval: 10, cacheTime: 0 })
  const walletClient = createWalletClient({ chain, transport, account: cast.deployer.account })
  const clients = { publicClient, walletClient }
  const token = tokenName && (await deployToken())
  const market = await deployMarket({ ...clients, ...(token && { token }), ...deployOptions })

  const client = { public: publicClient, wallet: walletClient }
  const bind = <const A extends Abi>(address: Address, abi: A) => getContract({ address, abi, client })
  const contracts = {
    escrow: bind(market.escrow, escrowAbi),
    stakes: bind(market.stakes, stakesAbi),
    quorums: bind(market.quorums, quorumsAbi),
    disputes: bind(market.disputes, disputesAbi),
    usdc: bind(market.token, usdcAbi),
    testUsdc: bind(market.token, testUsdcAbi),
    oddToken: bind(market.token, oddTokenAbi),
  }

  async function deployToken(): Promise<Address> {
    const args = tokenName === 'UsdcProxy' ? [await deployTestUsdc(clients)] : []
    const { address } = await connection.viem.deployContract(tokenName as string, args)
    return address
  }

  /** Runs a transaction and fails unless it succeeded. */
  async function mined(hash: Hash | Promise<Hash>): Promise<TransactionReceipt> {
    const receipt = await publicClient.waitForTransactionReceipt({ hash: await hash })
    if (receipt.status !== 'success') throw new Error(`transaction ${receipt.transactionHash} reverted`)
    return receipt
  }
  const rpc = (method: string, ...params: unknown[]): Promise<unknown> =>
    connection.provider.request({ method, params })
  const world = {
    ...cast,
    ...contracts,
    chainId,
    market,
    publicClient,
    walletClient,
    connection,
    mined,
    rpc,
    quorumId: 1,
    /** Another contract with the escrow's interface. */
    escrowAt: (address: Address) => bind(address, escrowAbi),
    /** Another token of the kind that anyone mints. */
    usdcAt: (address: Address) => bind(address, [...usdcAbi, ...testUsdcAbi]),
    now: async () => Number((await publicClient.getBlock()).timestamp),
    /** Moves to a time: the next block has exactly this timestamp, and so do calls until then. */
    async warp(timestamp: number): Promise<void> {
      await rpc('evm_setNextBlockTimestamp', timestamp)
      await rpc('evm_mine')
    },
    async snapshot(): Promise<() => Promise<void>> {
      let id: unknown = await rpc('evm_snapshot')
      return async () => {
        await rpc('evm_revert', id)
        id = await rpc('evm_snapshot')
      }
    },
    [Symbol.asyncDispose]: () => connection.close(),
  }
  await equip(world, everyone)
  return world
}

/** The same world seen through a second escrow, around the same token, stakes and quorums. */
export async function withSecondEscrow(world: World): Promise<World> {
  const { token, stakes, quorums } = world.market
  const { address } = await world.connection.viem.deployContract('Escrow', [token, stakes, quorums, zeroAddress])
  await world.mined(world.usdc.write.approve([address, 2n ** 256n - 1n], as(world.client)))
  return { ...world, escrow: world.escrowAt(address) }
}

/** Options of a write: who sends it. The gas is fixed, so a revert shows in the receipt and not in an estimate. */
export function as(actor: Actor): { account: PrivateKeyAccount; gas: bigint } {
  return { account: actor.account, gas: GAS }
}

export interface Actor {
  readonly key: Hex
  readonly account: PrivateKeyAccount
  readonly address: Address
}

/** By address, as quorums and their signatures are sorted. */
export function byAddress(a: Actor, b: Actor): number {
  return a.address.toLowerCase() < b.address.toLowerCase() ? -1 : 1
}

export function createActor(name: string): Actor {
  const key = keccak256(toBytes(`assay test actor ${name}`))
  const account = privateKeyToAccount(key)
  return { key, account, address: account.address }
}

function createCast() {
  const many = (name: string, count: number) => Array.from({ length: count }, (_, i) => createActor(`${name} ${i}`))
  return {
    deployer: createActor('deployer'),
    client: createActor('client'),
    aggregator: createActor('aggregator'),
    detector: createActor('detector'),
    stranger: createActor('stranger'),
    validators: many('validator', VALIDATORS).toSorted(byAddress),
    providers: many('provider', PROVIDERS),
  }
}

function toChain(id: number): Chain {
  const nativeCurrency = { name: 'Native', symbol: 'NAT', decimals: 18 }
  return { id, name: `test ${id}`, nativeCurrency, rpcUrls: { default: { http: [] } } }
}

type Equippable = Pick<
  Awaited<ReturnType<typeof openWorld>>,
  'escrow' | 'stakes' | 'quorums' | 'usdc' | 'testUsdc' | 'mined' | 'validators' | 'providers'
>

async function equip(world: Equippable, everyone: readonly Actor[]): Promise<void> {
  const { escrow, stakes, quorums, usdc, testUsdc, mined } = world
  for (const actor of everyone) {
    await mined(testUsdc.write.mint([actor.address, 10_000n * USDC], as(actor)))
    await mined(usdc.write.approve([escrow.address, 2n ** 256n - 1n], as(actor)))
    await mined(usdc.write.approve([stakes.address, 2n ** 256n - 1n], as(actor)))
  }
  const join = async (actor: Actor, roles: number, amount: bigint) => {
    await mined(stakes.write.register([actor.address, roles, keccak256(actor.address)], as(actor)))
    await mined(stakes.write.stake([amount], as(actor)))
  }
  for (const actor of world.validators) await join(actor, ROLE.validator, VALIDATOR_STAKE)
  for (const actor of world.providers) await join(actor, ROLE.provider, PROVIDER_STAKE)
  const members = world.validators.map(({ address }) => address)
  await mined(quorums.write.createQuorum([members, THRESHOLD, 0], as(world.validators[0] as Actor)))
}
