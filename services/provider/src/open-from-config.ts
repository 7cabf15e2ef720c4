/** A provider on real parts, as its configuration says. */
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fetchBeaconInfo, openDrandBeacon, quicknet, quicknetUrls } from '@assay/beacon'
import { openBlobStore } from '@assay/blobs'
import { openChain } from '@assay/chain'
import type { Beacon } from '@assay/core'
import {
  createLogger,
  deriveHomeDirs,
  loadConfig,
  loadOperatorKey,
  openDatabase,
  openOperator,
  systemClock,
  systemRng,
} from '@assay/node-kit'
import { openNetwork } from '@assay/p2p'
import { openSandbox } from '@assay/runner'
import { ProviderConfig } from './config.ts'
import { openStatusServer } from './http/status-server.ts'
import { openProvider, type ProviderService } from './provider.ts'
import { migrations } from './store/migrations.ts'
import { createSqliteStore } from './store/sqlite-store.ts'

type Env = Readonly<Record<string, string | undefined>>

/** Reads `provider.json` and the environment. Throws `config-invalid`. */
export async function loadProviderConfig(env: Env): Promise<ProviderConfig> {
  const { configDir, dataDir } = deriveHomeDirs(env, homedir())
  const named = env['ASSAY_CONFIG']
  return loadConfig(ProviderConfig, {
    defaults: { dataDir: join(dataDir, 'provider'), keystore: join(configDir, 'operator.json') },
    file: { path: named ?? join(configDir, 'provider.json'), required: named !== undefined },
    env,
  })
}

/**
 * Opens everything a provider needs, then the provider; `stack` closes them in reverse. The operator must be registered
 * and staked by then. Throws `config-invalid`, `keystore-invalid`, `chain-mismatch`, `docker-unavailable`.
 */
export async function openProviderFromConfig(
  config: ProviderConfig,
  env: Env,
  stack: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<ProviderService> {
  const { dataDir, listen, bootstrap, privateNetwork, rpcUrls, escrow, chainId } = config
  const privateKey = await loadOperatorKey({ env, keystorePath: config.keystore })
  const signer = openOperator(privateKey)
  const log = createLogger({ level: config.logLevel, fields: { service: 'provider' }, secrets: [privateKey] })
  const chain = await openChain({ rpcUrls, escrow, ...(chainId !== undefined && { chainId }) }, signal)
  const beacon = await openBeacon(config, signal)
  const database = stack.use(openDatabase(join(dataDir, 'provider.db'), { migrations }))
  const blobs = stack.use(await openBlobStore({ dir: join(dataDir, 'blobs'), capBytes: config.blobBytes }))
  const runnerId = `provider-${signer.address.slice(2, 14)}`
  const sandbox = stack.use(
    await openSandbox({ clock: systemClock }, { runnerId, stagingDir: join(dataDir, 'staging') }, signal),
  )
  const dhtMode = listen.length === 0 ? 'client' : 'server'
  const network = stack.use(
    await openNetwork({ privateKey, clock: systemClock }, { listen, bootstrap, privateNetwork, dhtMode }),
  )
  const store = createSqliteStore(database)
  const cores = Math.max(1, Math.floor((await sandbox.probe(signal)).cpus / 1000))
  const { minPriceUsdc, classes, cpus, memoryBytes, inputBytes, slots = cores } = config
  const service = stack.use(
    await openProvider(
      { signer, network, sandbox, blobs, chain: chain.reader, beacon, clock: systemClock, rng: systemRng, store, log },
      {
        slots,
        minPriceUsdc,
        classes,
        inputBytes,
        ...(cpus !== undefined && { cpus }),
        ...(memoryBytes !== undefined && { memoryBytes }),
      },
    ),
  )
  if (config.statusPort !== undefined)
    stack.use(await openStatusServer(() => service.status(), { port: config.statusPort }))
  return service
}

async function openBeacon({ beacon }: ProviderConfig, signal: AbortSignal): Promise<Beacon> {
  const deps = { clock: systemClock }
  if (beacon === undefined) return openDrandBeacon(deps, { info: quicknet, urls: quicknetUrls })
  return openDrandBeacon(deps, { info: await fetchBeaconInfo(deps, beacon, signal), urls: [beacon] })
}
