/**
 * What a deployment leaves on disk. `deployments/<chainId>.pending.json` is written before the first transaction and says
 * what was promised to Stakes about Disputes; `deployments/<chainId>.json` takes its place when everything stands and is
 * verified. Ignition's journals are beside them in `ignition/deployments`.
 */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import { type Address, isAddress } from 'viem'

import type { ContractAddresses, MarketParameters } from './market-parameters.ts'

/** What is going to be deployed, by whom, from which nonce on. */
export interface DeploymentPlan {
  readonly chainId: number
  readonly deployer: Address
  readonly firstNonce: number
  /** Block before the first transaction: where to start reading events. */
  readonly fromBlock: number
  readonly addresses: ContractAddresses
  readonly parameters: MarketParameters
}

/** A plan that was carried out. */
export interface DeploymentRecord extends DeploymentPlan {
  /** The commit that was deployed; undefined outside a clone. */
  readonly commit?: string
}

export interface DeploymentFiles {
  readonly readRecord: () => Promise<DeploymentRecord | undefined>
  readonly readPending: () => Promise<DeploymentPlan | undefined>
  readonly writePending: (plan: DeploymentPlan) => Promise<void>
  /** Takes the place of the pending plan. */
  readonly writeRecord: (record: DeploymentRecord) => Promise<void>
  readonly recordPath: string
  readonly pendingPath: string
  /** For Ignition's `paths.ignition`. */
  readonly ignitionFolder: string
  /** Ignition's journal of this chain. */
  readonly journalFolder: string
}

/** Files below a folder, of which `contracts` is the usual one. */
export function openDeploymentFiles(folder: string, chainId: number): DeploymentFiles {
  const recordPath = join(folder, 'deployments', `${chainId}.json`)
  const pendingPath = join(folder, 'deployments', `${chainId}.pending.json`)
  const ignitionFolder = join(folder, 'ignition')
  return {
    recordPath,
    pendingPath,
    ignitionFolder,
    journalFolder: join(ignitionFolder, 'deployments', `chain-${chainId}`),
    readRecord: () => readPlan(recordPath),
    readPending: () => readPlan(pendingPath),
    writePending: (plan) => writePlan(pendingPath, plan),
    async writeRecord(record) {
      await writePlan(recordPath, record)
      await rm(pendingPath, { force: true })
    },
  }
}

async function writePlan(path: string, plan: DeploymentPlan): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const text = JSON.stringify(plan, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value), 2)
  // Half a file would be worse than none.
  await writeFile(`${path}.new`, `${text}\n`)
  await rename(`${path}.new`, path)
}

async function readPlan(path: string): Promise<DeploymentRecord | undefined> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return undefined
  const fields = fieldsOf(JSON.parse(text), path)
  const parameters = fields.inside('parameters')
  const addresses = fields.inside('addresses')
  const commit = fields.optionalText('commit')
  return {
    chainId: fields.count('chainId'),
    deployer: fields.address('deployer'),
    firstNonce: fields.count('firstNonce'),
    fromBlock: fields.count('fromBlock'),
    addresses: {
      Stakes: addresses.address('Stakes'),
      Quorums: addresses.address('Quorums'),
      Escrow: addresses.address('Escrow'),
      Disputes: addresses.address('Disputes'),
    },
    parameters: {
      token: parameters.address('token'),
      guardian: parameters.address('guardian'),
      unbondingDelay: parameters.count('unbondingDelay'),
      minValidatorStake: parameters.amount('minValidatorStake'),
      appealWindow: parameters.count('appealWindow'),
      rulingWindow: parameters.count('rulingWindow'),
      dailySlashCap: parameters.amount('dailySlashCap'),
    },
    ...(commit !== undefined && { commit }),
  }
}

interface Fields {
  readonly inside: (name: string) => Fields
  readonly address: (name: string) => Address
  readonly count: (name: string) => number
  /** A decimal string. */
  readonly amount: (name: string) => bigint
  readonly optionalText: (name: string) => string | undefined
}

/** Fields of a JSON object, by kind; each throws, naming the file, if the field is something else. */
function fieldsOf(object: unknown, path: string): Fields {
  if (typeof object !== 'object' || object === null) throw new TypeError(`${path} is not an object`)
  const get = (name: string): unknown => Reflect.get(object, name)
  const wrong = (name: string): TypeError => new TypeError(`${path}: "${name}" is missing or not what it should be`)
  return {
    inside: (name) => fieldsOf(get(name), `${path}: ${name}`),
    address(name) {
      const value = get(name)
      if (typeof value !== 'string' || !isAddress(value)) throw wrong(name)
      return value
    },
    count(name) {
      const value = get(name)
      if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw wrong(name)
      return value
    },
    amount(name) {
      const value = get(name)
      if (typeof value !== 'string' || !/^\d+$/.test(value)) throw wrong(name)
      return BigInt(value)
    },
    optionalText(name) {
      const value = get(name)
      if (value !== undefined && typeof value !== 'string') throw wrong(name)
      return value
    },
  }
}
