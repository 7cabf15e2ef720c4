/** A real local chain that mines when told to, a token whose minting cannot hide a second time, and a wire to cut. */
import { setTimeout as delay } from 'node:timers/promises'
import { deployTestUsdc } from '@assay/contracts/deploy'
import { startLocalChain, type LocalChain } from '@assay/contracts/local-chain'
import { testUsdcAbi } from '@assay/contracts/test-usdc'
import { asHash, type Hex, type PrivateKey } from '@assay/protocol'
import {
  createPublicClient,
  createTestClient,
  createWalletClient,
  custom,
  http,
  keccak256,
  parseEther,
  toBytes,
  type Address,
  type PublicClient,
  type TestClient,
} from 'viem'
import { privateKeyToAccount, type PrivateKeyAccount } from 'viem/accounts'
import { usdcAbi } from '../src/abi/usdc.ts'
import type { Effect } from '../src/transactor.ts'
import type { Connection } from '../src/transactor-options.ts'

/** Sees every RPC call; may refuse it, change it, or answer in its place. */
export type Wire = (method: string, params: readonly unknown[], pass: () => Promise<unknown>) => Promise<unknown>

export interface Lab extends AsyncDisposable {
  readonly local: LocalChain
  readonly token: Address
  readonly client: PublicClient
  readonly test: TestClient<'hardhat'>
  readonly chainId: number
  /** A fresh hot key with coins. */
  key(): Promise<{ readonly privateKey: PrivateKey; readonly account: PrivateKeyAccount }>
  /** A connection through wires, one for each node that it pretends to be. */
  connect(...wires: readonly Wire[]): Connection
  /** An effect that shows how often it happened: so many base units for an address of its own. */
  mint(name: string): Effect & { readonly count: () => Promise<number> }
  mine(blocks?: number): Promise<void>
  rpc(method: string, ...params: readonly unknown[]): Promise<unknown>
}

const AMOUNT = 7n
let names = 0

export async function openLab(): Promise<Lab> {
  const local = await startLocalChain()
  const transport = http(local.rpcUrl)
  const client = createPublicClient({ transport, cacheTime: 0, pollingInterval: 10 })
  const test = createTestClient({ mode: 'hardhat', transport })
  const rich = privateKeyToAccount(local.accounts[0]!.privateKey)
  const walletClient = createWalletClient({ account: rich, transport })
  const token = await deployTestUsdc({ walletClient, publicClient: client })
  await test.setAutomine(false)
  const rpc = (method: string, ...params: readonly unknown[]): Promise<unknown> =>
    client.request({ method, params } as never)
  return {
    local,
    token,
    client,
    test,
    rpc,
    chainId: local.chainId,
    async key() {
      const privateKey = asHash<PrivateKey>(keccak256(toBytes(`hot key ${names++}`)))
      const account = privateKeyToAccount(privateKey)
      await test.setBalance({ address: account.address, value: parseEther('1') })
      return { privateKey, account }
    },
    connect(...wires) {
      const clients = wires.map((wire) => createPublicClient({ transport: wired(local.rpcUrl, wire), ...polling }))
      return {
        client: clients[0] ?? client,
        clients: clients.length === 0 ? [client] : clients,
        chainId: local.chainId,
      }
    },
    mint(name) {
      const to = privateKeyToAccount(keccak256(toBytes(`${name} ${names++}`))).address
      return {
        key: `mint:${to}`,
        what: `minting for ${name}`,
        address: token,
        abi: testUsdcAbi,
        functionName: 'mint',
        args: [to, AMOUNT],
        count: async () =>
          Number(
            (await client.readContract({ address: token, abi: usdcAbi, functionName: 'balanceOf', args: [to] })) /
              AMOUNT,
          ),
      }
    },
    async mine(blocks = 1) {
      // Many at once are made up when they are asked for, and may change their hashes then.
      if (blocks > 16) return test.mine({ blocks })
      for (let block = 0; block < blocks; block++) await rpc('evm_mine')
    },
    [Symbol.asyncDispose]: () => local[Symbol.asyncDispose](),
  }
}

const polling = { cacheTime: 0, pollingInterval: 5 } as const

function wired(rpcUrl: string, wire: Wire) {
  const real = createPublicClient({ transport: http(rpcUrl, { retryCount: 0 }) })
  return custom(
    {
      request: ({ method, params }: { method: string; params?: readonly unknown[] }) =>
        wire(method, params ?? [], () => real.request({ method, params } as never)),
    },
    { retryCount: 0 },
  )
}

/** Mines one block at every second look at the chain, or less often, so that a run needs no clock. */
export function minerOf(lab: Pick<Lab, 'mine'>, every = 2): Wire {
  let looks = 0
  return async (method, params, pass) => {
    if (method === 'eth_getTransactionCount' && params[1] === 'latest' && ++looks % every === 0) await lab.mine()
    return pass()
  }
}

/** Asks again and again until it holds; the test's own time limit ends it when it never does. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await delay(5)
}

/** Signs a transaction of an account outside of any transactor. */
export async function foreign(
  { chainId, client }: Pick<Lab, 'chainId' | 'client'>,
  account: PrivateKeyAccount,
  nonce: number,
): Promise<Hex> {
  const fees = await client.estimateFeesPerGas()
  return account.signTransaction({ type: 'eip1559', chainId, to: account.address, gas: 30_000n, nonce, ...fees })
}
