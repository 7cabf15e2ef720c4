/** The contracts on an in-process chain, driven by actions as fast as raw JSON-RPC goes. */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

import { createHardhatRuntimeEnvironment } from 'hardhat/hre'
import {
  type Chain,
  type Hex,
  createPublicClient,
  createWalletClient,
  custom,
  getContractAddress,
  keccak256,
  parseEther,
  toHex,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'

import { readArtifact } from '../../deploy/artifacts.ts'
import { deployMarket, deployTestUsdc } from '../../deploy/deploy-market.ts'
import type { Setting } from '../model/market.ts'
import { type Action, answers, encodeAction, isView } from '../support/actions.ts'
import { CAST } from './cast.ts'

/** The first second in which a sequence can act. */
export const START = 2_000_000_000

const PROJECT_ROOT = fileURLToPath(new URL('../..', import.meta.url))
const NETWORK = 'differential'
const CHAIN_ID = 31_337
const DAY = 86_400
const USDC = 1_000_000n
/** Enough for every action; nothing here is about gas. */
const GAS = toHex(16_000_000)
const NATIVE_WEALTH = parseEther('1000')
const DEPLOYER_KEY = keccak256(toHex('assay differential test deployer'))
/** Nobody's address: the code that answers many views at once is put there. */
const LOOKER: Hex = `0x${'9'.repeat(40)}`
/** Short delays and a small daily cap, so that sequences meet every limit. */
const DELAYS = { unbondingDelay: 11 * DAY, appealWindow: 2 * DAY, rulingWindow: DAY, dailySlashCap: 30n * USDC }
const MIN_STAKE = 100n * USDC

/** What the chain said: the bytes that a call returned, or that it reverted with. */
export interface Answer {
  readonly ok: boolean
  /** `undefined` if the call returns nothing and went through. */
  readonly data: Hex | undefined
}

export interface ChainSide extends AsyncDisposable {
  readonly setting: Setting
  /** Back to where the market was when `keep` was called last, or just deployed. */
  reset(): Promise<void>
  keep(): Promise<void>
  /** Performs an action. `hope` tells whether it is thought to go through, which only saves a request. */
  perform(action: Action, hope: boolean): Promise<Answer>
  /** Many views in one call: records `address target, uint16 bytes, calldata`. */
  look(calls: Hex): Promise<Hex>
}

type Connection = Awaited<ReturnType<typeof openNetwork>>
type Request = (method: string, ...params: unknown[]) => Promise<unknown>

/** Deploys a market for the cast on a chain of its own. */
export async function openChainSide(): Promise<ChainSide> {
  const connection = await openNetwork()
  const request: Request = (method, ...params) => connection.provider.request({ method, params })
  const setting = await deploy(connection)
  await request('hardhat_setCode', LOOKER, await readManyCalls())
  for (const { address } of CAST.accounts) {
    await request('hardhat_impersonateAccount', address)
    await request('hardhat_setBalance', address, toHex(NATIVE_WEALTH))
  }
  let kept: unknown = await request('evm_snapshot')
  const clock = createClock(request)
  return {
    setting,
    async reset() {
      clock.forget()
      await request('evm_revert', kept)
      kept = await request('evm_snapshot')
    },
    async keep() {
      kept = await request('evm_snapshot')
    },
    perform: (action, hope) => perform({ request, clock, setting }, action, hope),
    look: async (calls) => asHex(await request('eth_call', { to: LOOKER, data: calls, gas: GAS }, 'latest')),
    [Symbol.asyncDispose]: () => connection.close(),
  }
}

/**
 * A network that knows nothing of the compiled contracts: with their sources at hand, Hardhat explains every revert, which
 * takes it longer than the call.
 */
async function openNetwork() {
  const hre = await createHardhatRuntimeEnvironment(
    {
      networks: {
        [NETWORK]: {
          type: 'edr-simulated',
          hardfork: 'osaka',
          chainId: CHAIN_ID,
          accounts: [{ privateKey: DEPLOYER_KEY, balance: NATIVE_WEALTH }],
          allowBlocksWithSameTimestamp: true,
          // A coverage run makes contracts longer than they are.
          allowUnlimitedContractSize: true,
          initialDate: new Date((START - DAY) * 1000),
          initialBaseFeePerGas: 0n,
        },
      },
      paths: { artifacts: './cache/no-artifacts' },
    },
    {},
    PROJECT_ROOT,
  )
  return hre.network.create(NETWORK)
}

async function deploy(connection: Connection): Promise<Setting> {
  const chain: Chain = {
    id: CHAIN_ID,
    name: NETWORK,
    nativeCurrency: { name: 'Native', symbol: 'NAT', decimals: 18 },
    rpcUrls: { default: { http: [] } },
  }
  const transport = custom(connection.provider, { retryCount: 0 })
  const publicClient = createPublicClient({ chain, transport, pollingInterval: 5, cacheTime: 0 })
  const walletClient = createWalletClient({ chain, transport, account: privateKeyToAccount(DEPLOYER_KEY) })
  const clients = { publicClient, walletClient }
  const guardian = CAST.guardian.address
  const market = await deployMarket({ ...clients, ...DELAYS, guardian, minValidatorStake: MIN_STAKE })
  const otherToken = await deployTestUsdc(clients)
  const { abi, bytecode } = await readArtifact('testing/TestWallet.sol/TestWallet')
  const key = CAST.walletKey.address
  const hash = await walletClient.deployContract({ abi, bytecode, args: [key] })
  const { contractAddress } = await publicClient.waitForTransactionReceipt({ hash })
  if (!contractAddress) throw new Error('the wallet was not deployed')
  return {
    chainId: CHAIN_ID,
    escrow: lower(market.escrow),
    stakes: lower(market.stakes),
    quorums: lower(market.quorums),
    disputes: lower(market.disputes),
    token: lower(market.token),
    otherToken: lower(otherToken),
    // The first contract that the escrow creates.
    depositAccount: lower(getContractAddress({ from: market.escrow, nonce: 1n })),
    guardian,
    ...DELAYS,
    minStake: MIN_STAKE,
    wallets: new Map([[lower(contractAddress), key]]),
  }
}

type Clock = ReturnType<typeof createClock>

/** Knows the time of the latest block, which is the time that calls see. */
function createClock(request: Request) {
  let latest = 0
  return {
    forget() {
      latest = 0
    },
    /** The next block has this time. */
    async set(at: number): Promise<void> {
      await request('evm_setNextBlockTimestamp', at)
      latest = at
    },
    /** Calls see this time. */
    async show(at: number): Promise<void> {
      if (at === latest) return
      await this.set(at)
      await request('evm_mine')
    },
  }
}

async function perform(
  { request, clock, setting }: { request: Request; clock: Clock; setting: Setting },
  action: Action,
  hope: boolean,
): Promise<Answer> {
  const transaction = { from: action.caller, ...encodeAction(setting, action), gas: GAS, gasPrice: '0x0' }
  const send = async (): Promise<Answer> => {
    await clock.set(action.at)
    return answerOf(request('eth_sendTransaction', transaction), () => undefined)
  }
  // A call tells what comes back; where nothing does, the transaction tells as much.
  if (hope && !answers(action.call)) return send()
  await clock.show(action.at)
  const answer = await answerOf(request('eth_call', transaction, 'latest'), asHex)
  if (!answer.ok || isView(action.call)) return answer
  const sent = await send()
  return sent.ok ? answer : sent
}

async function answerOf(asked: Promise<unknown>, read: (result: unknown) => Hex | undefined): Promise<Answer> {
  try {
    return { ok: true, data: read(await asked) }
  } catch (error) {
    return { ok: false, data: revertDataOf(error) }
  }
}

/** What a call reverted with; anything else that goes wrong rises. */
function revertDataOf(error: unknown): Hex {
  if (typeof error === 'object' && error !== null && 'data' in error) {
    const { data } = error
    if (typeof data === 'string') return asHex(data)
    if (typeof data === 'object' && data !== null && 'data' in data) return asHex(data.data)
  }
  throw error
}

async function readManyCalls(): Promise<Hex> {
  const file = new URL('../../artifacts/test/solidity/ManyCalls.sol/ManyCalls.json', import.meta.url)
  const { deployedBytecode } = JSON.parse(await readFile(file, 'utf8')) as { deployedBytecode: Hex }
  return deployedBytecode
}

function asHex(value: unknown): Hex {
  if (typeof value !== 'string' || !value.startsWith('0x')) throw new TypeError(`not hex: ${String(value)}`)
  return value as Hex
}

const lower = (address: Hex): Hex => `0x${address.slice(2).toLowerCase()}`
