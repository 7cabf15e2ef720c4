import { createMemoryLog, openChain, openWallet } from '@assay/chain'
import { deriveHomeDirs, loadOperatorKey } from '@assay/node-kit'
import {
  asAddress,
  asHash,
  MarketError,
  parseMessage,
  type OrderId,
  type OrderTerms,
  type PrivateKey,
} from '@assay/protocol'
import { createFileJobStore } from '@assay/sdk/node'
import { openClient, type Client, type ClientChain } from '@assay/sdk'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Io } from './io.ts'

/** Flags of every command that talks to a market. */
export interface MarketFlags {
  readonly aggregator?: string
  readonly escrow?: string
  readonly chainId?: number
  readonly rpc?: readonly string[]
  readonly cap?: string
}

/** What a running `assay devnet` leaves for other commands: a market to talk to and a funded test key. */
export const DevnetProfile = z.strictObject({
  aggregator: z.string(),
  rpcUrl: z.string(),
  escrow: z.string(),
  chainId: z.number(),
  beaconUrl: z.string(),
  bootstrap: z.array(z.string()),
  quorumId: z.number(),
  clientKey: z.string(),
  pid: z.number(),
})
export type DevnetProfile = z.infer<typeof DevnetProfile>

export const homeOf = (io: Io) => deriveHomeDirs(io.env, io.userHome)
export const devnetProfilePath = (io: Io): string => join(homeOf(io).dataDir, 'devnet.json')
export const keystorePath = (io: Io): string => io.env['ASSAY_KEYSTORE'] ?? join(homeOf(io).configDir, 'operator.json')

/** The profile of a devnet that still runs. */
export async function findDevnet(io: Io): Promise<DevnetProfile | undefined> {
  const text = await readFile(devnetProfilePath(io), 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const profile = parseMessage(DevnetProfile, JSON.parse(text), 'devnet profile')
  try {
    process.kill(profile.pid, 0)
    return profile
  } catch {
    return undefined
  }
}

/**
 * Opens a client from flags, then `ASSAY_AGGREGATOR` and friends, then a devnet that runs on this machine.
 * Throws `config-invalid` when there is no market, `keystore-invalid` when there is no key.
 */
export async function openMarketClient(io: Io, flags: MarketFlags): Promise<Client> {
  const { env } = io
  const chosen = flags.aggregator ?? env['ASSAY_AGGREGATOR']
  const devnet = chosen === undefined ? await findDevnet(io) : undefined
  const aggregator = chosen ?? devnet?.aggregator
  if (aggregator === undefined)
    throw new MarketError('config-invalid', 'no market: name an aggregator, or start one with `assay devnet`', {
      details: { setting: 'aggregator', flag: '--aggregator', variable: 'ASSAY_AGGREGATOR' },
    })
  const escrow = flags.escrow ?? env['ASSAY_ESCROW'] ?? devnet?.escrow
  const chainId =
    flags.chainId ?? (env['ASSAY_CHAIN_ID'] === undefined ? devnet?.chainId : Number(env['ASSAY_CHAIN_ID']))
  const rpcUrls = flags.rpc ?? env['ASSAY_RPC_URLS']?.split(',') ?? (devnet && [devnet.rpcUrl])
  return openClient({
    aggregator,
    privateKey:
      devnet !== undefined && env['ASSAY_OPERATOR_KEY'] === undefined ? devnet.clientKey : await operatorKey(io),
    spendingCapUsdc: flags.cap ?? env['ASSAY_SPENDING_CAP'] ?? missingCap(),
    store: createFileJobStore(join(homeOf(io).dataDir, 'jobs')),
    signal: io.signal,
    ...(escrow !== undefined && chainId !== undefined && { market: { chainId, escrow: asAddress(escrow) } }),
    ...(rpcUrls !== undefined && { chain: { rpcUrls, pollMs: 200 } }),
  })
}

/**
 * An order from this machine's own records, and the chain it is on: needs no aggregator, because getting money back must not. Throws
 * `job-unknown`, `config-invalid`, `keystore-invalid`, `rpc-unavailable`, `chain-mismatch`.
 */
export async function openStoredOrder(
  io: Io,
  orderId: OrderId,
  flags: Pick<MarketFlags, 'rpc'>,
): Promise<{ readonly chain: Required<ClientChain>; readonly terms: OrderTerms }> {
  const { env } = io
  const stored = await createFileJobStore(join(homeOf(io).dataDir, 'jobs')).load(orderId, io.signal)
  if (stored === undefined)
    throw new MarketError('job-unknown', 'this machine has no record of the job', { details: { orderId } })
  const devnet = await findDevnet(io)
  const rpcUrls = flags.rpc ?? env['ASSAY_RPC_URLS']?.split(',') ?? (devnet && [devnet.rpcUrl])
  if (rpcUrls === undefined)
    throw new MarketError('config-invalid', 'name an RPC address of the chain', {
      details: { setting: 'rpc', flag: '--rpc', variable: 'ASSAY_RPC_URLS' },
    })
  const key =
    devnet !== undefined && env['ASSAY_OPERATOR_KEY'] === undefined
      ? asHash<PrivateKey>(devnet.clientKey)
      : await operatorKey(io)
  const chain = await openChain({ rpcUrls, pollMs: 200, ...stored.market }, io.signal)
  const writer = openWallet(chain, key, createMemoryLog())
  return { chain: { reader: chain.reader, writer }, terms: stored.request.terms }
}

/** The key of this machine's operator. Throws `keystore-invalid`. */
export const operatorKey = (io: Io): Promise<PrivateKey> =>
  loadOperatorKey({ env: io.env, keystorePath: keystorePath(io) })

function missingCap(): never {
  throw new MarketError('config-invalid', 'say how much may be spent at most, e.g. --cap 2.50', {
    details: { setting: 'cap', flag: '--cap', variable: 'ASSAY_SPENDING_CAP' },
  })
}
