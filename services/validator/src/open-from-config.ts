/** A validator on real parts, as its configuration says. */
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fetchBeaconInfo, openDrandBeacon, quicknet, quicknetUrls } from '@assay/beacon'
import { openBlobStore } from '@assay/blobs'
import { createMemoryLog, openChain, openWallet } from '@assay/chain'
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
import { ValidatorConfig } from './config.ts'
import { openStatusServer } from './http/status-server.ts'
import { migrations } from './store/migrations.ts'
import { createSqliteStore } from './store/sqlite-store.ts'
import { openValidator, type ValidatorService } from './validator.ts'

type Env = Readonly<Record<string, string | undefined>>

/** Reads `validator.json` and the environment. Throws `config-invalid`. */
export async function loadValidatorConfig(env: Env): Promise<ValidatorConfig> {
  const { configDir, dataDir } = deriveHomeDirs(env, homedir())
  const named = env['ASSAY_CONFIG']
  return loadConfig(ValidatorConfig, {
    defaults: { dataDir: join(dataDir, 'validator'), keystore: join(configDir, 'operator.json') },
    file: { path: named ?? join(configDir, 'validator.json'), required: named !== undefined },
    env,
  })
}

/**
 * Opens everything a validator needs, then the validator; `stack` closes them in reverse. The operator must be
 * registered and staked by then. Throws `config-invalid`, `keystore-invalid`, `chain-mismatch`, `docker-unavailable`.
 */
export async function openValidatorFromConfig(
  config: ValidatorConfig,
  env: Env,
  stack: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<ValidatorService> {
  const { dataDir, listen, bootstrap, privateNetwork, rpcUrls, escrow, chainId } = config
  const privateKey = await loadOperatorKey({ env, keystorePath: config.keystore })
  const signer = openOperator(privateKey)
  const log = createLogger({ level: config.logLevel, fields: { service: 'validator' }, secrets: [privateKey] })
  const chain = await openChain({ rpcUrls, escrow, ...(chainId !== undefined && { chainId }) }, signal)
  const beacon = await openBeacon(config, signal)
  const database = stack.use(openDatabase(join(dataDir, 'validator.db'), { migrations }))
  const blobs = stack.use(await openBlobStore({ dir: join(dataDir, 'blobs'), capBytes: config.blobBytes }))
  const runnerId = `validator-${signer.address.slice(2, 14)}`
  const sandbox = stack.use(
    await openSandbox({ clock: systemClock }, { runnerId, stagingDir: join(dataDir, 'staging') }, signal),
  )
  const dhtMode = listen.length === 0 ? 'client' : 'server'
  const network = stack.use(
    await openNetwork({ privateKey, clock: systemClock }, { listen, bootstrap, privateNetwork, dhtMode }),
  )
  const store = createSqliteStore(database)
  // What it proves is recorded on chain once, so a proof that is sent again after a crash does no harm.
  const wallet = openWallet(chain, privateKey, createMemoryLog())
  const cores = Math.max(1, Math.floor((await sandbox.probe(signal)).cpus / 1000))
  const service = stack.use(
    await openValidator(
      {
        signer,
        network,
        sandbox,
        blobs,
        chain: chain.reader,
        beacon,
        clock: systemClock,
        rng: systemRng,
        store,
        log,
        wallet,
      },
      { auditSlots: config.auditSlots ?? cores },
    ),
  )
  if (config.statusPort !== undefined)
    stack.use(await openStatusServer(() => service.status(), { port: config.statusPort }))
  return service
}

async function openBeacon({ beacon }: ValidatorConfig, signal: AbortSignal): Promise<Beacon> {
  const deps = { clock: systemClock }
  if (beacon === undefined) return openDrandBeacon(deps, { info: quicknet, urls: quicknetUrls })
  return openDrandBeacon(deps, { info: await fetchBeaconInfo(deps, beacon, signal), urls: [beacon] })
}
