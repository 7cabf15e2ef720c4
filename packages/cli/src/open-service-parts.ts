import { fetchBeaconInfo, openDrandBeacon } from '@assay/beacon'
import { openBlobStore } from '@assay/blobs'
import { openChain, openOperatorAccount, type Chain, type OperatorAccount } from '@assay/chain'
import type { Beacon, BlobStore, ChainReader, Clock, Network, Rng, Signer } from '@assay/core'
import { createLogger, openOperator, systemClock, systemRng, type Logger } from '@assay/node-kit'
import { openNetwork } from '@assay/p2p'
import { asAddress, byteCount, MarketError, parseUsdc, type PrivateKey } from '@assay/protocol'
import type { Command } from 'commander'
import { join } from 'node:path'
import type { Io } from './io.ts'
import { homeOf, operatorKey } from './settings.ts'

/** Flags of every command that starts a service. */
export interface ServiceFlags {
  readonly rpc?: readonly string[]
  readonly escrow?: string
  readonly beacon?: string
  readonly bootstrap?: readonly string[]
  readonly listen: readonly string[]
  readonly dataDir?: string
  readonly stake?: string
  readonly payout?: string
  readonly privateNetwork?: boolean
  readonly blobGib: number
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error'
}
/** What every service has of its own: key, network node, chain connection, blobs, beacon client. */
export interface ServiceParts {
  readonly signer: Signer
  readonly privateKey: PrivateKey
  readonly network: Network
  readonly blobs: BlobStore
  readonly chain: ChainReader
  readonly chainClient: Chain
  readonly beacon: Beacon
  readonly clock: Clock
  readonly rng: Rng
  readonly log: Logger
  readonly dir: string
}

type Role = 'provider' | 'validator' | 'aggregator'

/** Options of every command that starts a service; each also from the environment. */
export const withServiceOptions = (command: Command): Command =>
  command
    .option('--rpc <url...>', 'RPC addresses of the chain, tried in this order (ASSAY_RPC_URLS)')
    .option('--escrow <address>', 'escrow contract of the market (ASSAY_ESCROW)')
    .option('--beacon <url>', 'drand chain address, `https://…/<chain hash>` (ASSAY_BEACON)')
    .option('--bootstrap <multiaddr...>', 'nodes to join the market by (ASSAY_BOOTSTRAP)')
    .option('--listen <multiaddr...>', 'where to listen', ['/ip4/0.0.0.0/tcp/0'])
    .option('--data-dir <folder>', 'database and blobs (ASSAY_DATA_DIR)')
    .option('--stake <usdc>', 'register and stake up to this much before starting')
    .option('--payout <address>', 'where earnings go; may be cold. Set when registering')
    .option('--private-network', 'spread private and loopback addresses: a LAN, one machine')
    .option('--blob-gib <number>', 'disk for blobs, GiB', Number, 20)
    .option('--log-level <level>', 'debug, info, warn, error', 'info')

/** Opens the parts of a service; `stack` closes them. Throws `config-invalid` naming the flag that is missing. */
export async function openServiceParts(
  io: Io,
  flags: ServiceFlags,
  role: Role,
  stack: AsyncDisposableStack,
): Promise<ServiceParts> {
  const rpcUrls = flags.rpc ?? io.env['ASSAY_RPC_URLS']?.split(',') ?? missing('rpc', 'ASSAY_RPC_URLS')
  const escrow = asAddress(flags.escrow ?? io.env['ASSAY_ESCROW'] ?? missing('escrow', 'ASSAY_ESCROW'))
  const beaconUrl = flags.beacon ?? io.env['ASSAY_BEACON'] ?? missing('beacon', 'ASSAY_BEACON')
  const bootstrap = flags.bootstrap ?? io.env['ASSAY_BOOTSTRAP']?.split(',') ?? []
  const privateKey = await operatorKey(io)
  const signer = openOperator(privateKey)
  const dir = flags.dataDir ?? io.env['ASSAY_DATA_DIR'] ?? join(homeOf(io).dataDir, role)
  const log = createLogger({ level: flags.logLevel, fields: { service: role }, secrets: [privateKey] })
  const chainClient = await openChain({ rpcUrls, escrow, pollMs: 200 }, io.signal)
  await ensureStaked(io, flags, openOperatorAccount(chainClient, privateKey), role)
  const info = await fetchBeaconInfo({ clock: systemClock }, beaconUrl, io.signal)
  const network = stack.use(
    await openNetwork(
      { privateKey, clock: systemClock, log },
      { listen: flags.listen, bootstrap, dhtMode: 'server', privateNetwork: flags.privateNetwork === true },
    ),
  )
  const blobs = stack.use(
    await openBlobStore({ dir: join(dir, 'blobs'), capBytes: byteCount(flags.blobGib * 2 ** 30) }),
  )
  const beacon = openDrandBeacon({ clock: systemClock }, { info, urls: [beaconUrl] })
  return {
    signer,
    privateKey,
    network,
    blobs,
    chain: chainClient.reader,
    chainClient,
    beacon,
    clock: systemClock,
    rng: systemRng,
    log,
    dir,
  }
}

async function ensureStaked(io: Io, flags: ServiceFlags, account: OperatorAccount, role: Role): Promise<void> {
  if (flags.stake === undefined) return
  const stakeUsdc = parseUsdc(flags.stake)
  if (stakeUsdc === undefined)
    throw new MarketError('config-invalid', '--stake is not an amount of USDC', { details: { flag: '--stake' } })
  const roles = { [role]: true }
  const payout = flags.payout === undefined ? {} : { payout: asAddress(flags.payout) }
  await account.ensureStaked({ roles, stakeUsdc, ...payout }, io.signal)
}

function missing(flag: string, variable: string): never {
  throw new MarketError('config-invalid', `--${flag} is missing`, { details: { flag: `--${flag}`, variable } })
}

/** Resolves when the process is asked to stop. */
export const untilStopped = (io: Io): Promise<void> =>
  new Promise((resolve) => {
    if (io.signal.aborted) resolve()
    else io.signal.addEventListener('abort', () => resolve(), { once: true })
  })
