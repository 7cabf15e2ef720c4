/**
 * A real EVM behind JSON-RPC on loopback, for tests and development networks. It runs in this process (Hardhat's engine),
 * listens on HTTP and WebSocket, starts in well under a second and keeps nothing on disk.
 *
 * Block times follow the wall clock: two blocks may share a second, so a burst of transactions does not push the chain
 * into the future. `evm_increaseTime` and `evm_mine` move it on purpose.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'

import { createHardhatRuntimeEnvironment } from 'hardhat/hre'
import { type Address, type Hex, keccak256, parseEther, toBytes } from 'viem'
import { privateKeyToAddress } from 'viem/accounts'

export interface LocalChainOptions {
  /** TCP port; 0, the default, lets the system choose. */
  readonly port?: number
  /** Default 31337. */
  readonly chainId?: number
  /** Default: a block for every transaction. Both may be on; with `auto: false` and no interval, `evm_mine` mines. */
  readonly mining?: { readonly auto?: boolean; readonly intervalMs?: number }
  /** Number of funded accounts, default 20. Their keys are the same everywhere: never use them where money is real. */
  readonly accounts?: number
}

export interface LocalAccount {
  readonly address: Address
  readonly privateKey: Hex
}

export interface LocalChain extends AsyncDisposable {
  readonly rpcUrl: string
  readonly wsUrl: string
  readonly port: number
  readonly chainId: number
  /** Each holds 10 000 of the native coin; the chain also signs for them when asked. */
  readonly accounts: readonly LocalAccount[]
}

const HOST = '127.0.0.1'
/** Hardhat looks for a project around the working directory unless told where one is: callers stand anywhere. */
const projectRoot = fileURLToPath(new URL('..', import.meta.url))
const NETWORK = 'local'

/** Starts a chain and resolves once it answers. Disposing it drops open connections and frees the port. */
export async function startLocalChain(options: LocalChainOptions = {}): Promise<LocalChain> {
  const chainId = options.chainId ?? 31_337
  const accounts = Array.from({ length: options.accounts ?? 20 }, (_, index) => deriveAccount(index))
  const hre = await createHardhatRuntimeEnvironment(
    {
      networks: {
        [NETWORK]: {
          type: 'edr-simulated',
          hardfork: 'osaka',
          chainId,
          allowBlocksWithSameTimestamp: true,
          loggingEnabled: false,
          mining: { auto: options.mining?.auto ?? true, interval: options.mining?.intervalMs ?? 0 },
          accounts: accounts.map(({ privateKey }) => ({ privateKey, balance: parseEther('10000') })),
        },
      },
    },
    {},
    projectRoot,
  )
  const server = await hre.network.createServer(NETWORK, HOST, options.port ?? 0)
  const { port } = await server.listen()
  const sockets = trackSockets(port)
  return {
    rpcUrl: `http://${HOST}:${port}`,
    wsUrl: `ws://${HOST}:${port}`,
    port,
    chainId,
    accounts,
    async [Symbol.asyncDispose]() {
      const closed = server.close()
      sockets.destroy()
      await closed
    },
  }
}

/** The `index`-th account of every local chain. */
function deriveAccount(index: number): LocalAccount {
  const privateKey = keccak256(toBytes(`assay local chain account ${index}`))
  return { address: privateKeyToAddress(privateKey), privateKey }
}

/** The server waits for its clients when it closes and does not show them, so their sockets are noted as they come. */
function trackSockets(port: number): { destroy: () => void } {
  const open = new Set<Socket>()
  const note = (message: unknown): void => {
    const socket = typeof message === 'object' && message !== null && 'socket' in message ? message.socket : undefined
    if (!(socket instanceof Socket) || socket.localPort !== port) return
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  }
  subscribe('net.server.socket', note)
  return {
    destroy() {
      unsubscribe('net.server.socket', note)
      for (const socket of open) socket.destroy()
    },
  }
}
