/** The command line of `scripts/deploy`, turned into what is to be done or into what is wrong with it. */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { type Network, networks } from '@assay/chain'
import { type Address, type Hex, isAddress, isHex, zeroAddress } from 'viem'
import { privateKeyToAddress } from 'viem/accounts'

/** The only place where the key is taken from: arguments are visible to every process of a machine. */
export const KEY_VARIABLE = 'ASSAY_DEPLOYER_KEY'

export interface DeployRequest {
  readonly network: Network
  readonly rpcUrl: string
  readonly deployer: Address
  /** Undefined in a dry run that names the deployer by its address. */
  readonly privateKey: Hex | undefined
  readonly guardian: Address
  /** Only on local chains; elsewhere the network's own. */
  readonly token: Address
  readonly dryRun: boolean
  readonly json: boolean
  /** Holds journals and the record; undefined: nothing is kept. */
  readonly folder: string | undefined
}

/** What is wrong with the command line, in words for whoever typed it. */
export class UsageError extends Error {}

const NETWORK_NAMES: Readonly<Record<string, string>> = { local: 'local', amoy: 'polygon-amoy', polygon: 'polygon' }

/** Throws `UsageError`. `contracts` is where records go unless `--folder` says otherwise. */
export function parseDeployRequest(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  contracts: string,
): DeployRequest {
  const values = parseOptions(args)
  const network = networks.find(({ name }) => name === NETWORK_NAMES[values.network ?? ''])
  if (network === undefined) throw new UsageError('--network takes one of: local, amoy, polygon')
  const dryRun = values['dry-run'] === true
  if (network.name === 'polygon' && !dryRun && values['yes-real-money'] !== true) {
    throw new UsageError('polygon holds real money: see what would happen with --dry-run, then add --yes-real-money')
  }
  if (values.rpc === undefined || !URL.canParse(values.rpc)) throw new UsageError('--rpc takes the URL of a node')
  const isLocal = network.token === undefined
  if (isLocal !== (values.token !== undefined)) {
    throw new UsageError(isLocal ? '--network local needs --token' : `--token: ${network.name} has a token of its own`)
  }
  const token = network.token?.address ?? parseAddress('--token', values.token)
  const guardian = values.guardian === undefined ? zeroAddress : parseAddress('--guardian', values.guardian)
  const folder = values.folder === undefined ? (isLocal ? undefined : contracts) : resolve(values.folder)
  const json = values.json === true
  return {
    network,
    rpcUrl: values.rpc,
    ...parseDeployer(values.deployer, env, dryRun),
    guardian,
    token,
    dryRun,
    json,
    folder,
  }
}

function parseOptions(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        network: { type: 'string' },
        rpc: { type: 'string' },
        guardian: { type: 'string' },
        token: { type: 'string' },
        deployer: { type: 'string' },
        folder: { type: 'string' },
        'dry-run': { type: 'boolean' },
        'yes-real-money': { type: 'boolean' },
        json: { type: 'boolean' },
      },
    }).values
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}

function parseDeployer(
  named: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  dryRun: boolean,
): Pick<DeployRequest, 'deployer' | 'privateKey'> {
  const key = env[KEY_VARIABLE]
  if (key !== undefined) {
    if (named !== undefined) throw new UsageError(`either --deployer or ${KEY_VARIABLE}, not both`)
    if (!isHex(key) || key.length !== 66) throw new UsageError(`${KEY_VARIABLE} is not 0x and 64 hex digits`)
    return { deployer: privateKeyToAddress(key), privateKey: key }
  }
  if (!dryRun) throw new UsageError(`the deployer's private key is taken from the environment: ${KEY_VARIABLE}`)
  if (named === undefined) throw new UsageError(`a dry run needs ${KEY_VARIABLE}, or --deployer with an address`)
  return { deployer: parseAddress('--deployer', named), privateKey: undefined }
}

function parseAddress(option: string, text: string | undefined): Address {
  // A key typed where an address belongs is not repeated on the screen.
  if (text === undefined || !isAddress(text))
    throw new UsageError(`${option} takes an address (with its checksum, if any)`)
  return text
}
