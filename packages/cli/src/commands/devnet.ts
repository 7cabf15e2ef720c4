import { openDevnet, type Devnet } from '@assay/devnet'
import { createLogger, silentLogger } from '@assay/node-kit'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { openProgress } from '../progress.ts'
import { devnetProfilePath, homeOf, type DevnetProfile } from '../settings.ts'
import { formatTable } from '../table.ts'
import type { Io } from '../io.ts'
import type { AddCommand } from './add-command.ts'
import { listVillains } from './list-villains.ts'

interface DevnetFlags {
  readonly seed: string
  readonly honest: number
  readonly villains: readonly string[]
  readonly listVillains?: boolean
  readonly validators: number
  readonly threshold?: number
  readonly port: number
  readonly json?: boolean
  readonly verbose?: boolean
}

export const addDevnet: AddCommand = (program, io) => {
  program
    .command('devnet')
    .description('run a whole market on this machine: chain, beacon, aggregator, providers, validators, villains')
    .option('--seed <text>', 'keys of all actors follow from it', 'devnet')
    .option('--honest <count>', 'honest providers', Number, 4)
    .option('--villains <names>', 'villains besides, with commas; `none` for none', parseNames, ['junk'])
    .option('--list-villains', 'every villain: its attack, what is against it, how it ends')
    .option('--validators <count>', 'honest validators', Number, 5)
    .option('--threshold <count>', 'signatures that settle; default: more than half of all validators', Number)
    .option('--port <number>', 'port of the aggregator; 0 = any', Number, 8090)
    .option('--verbose', 'log of all nodes on stderr')
    .option('--json', 'print the profile as one JSON object')
    .action(async (flags: DevnetFlags) => {
      if (flags.listVillains === true) return listVillains(io, flags.json === true)
      using progress = openProgress(io, false)
      const dataDir = join(homeOf(io).dataDir, `devnet-${process.pid}`)
      const log = flags.verbose === true ? createLogger({ level: 'info', destination: process.stderr }) : silentLogger
      try {
        await using devnet = await openDevnet(
          {
            dataDir,
            log,
            seed: flags.seed,
            honestProviders: flags.honest,
            villains: flags.villains,
            validators: flags.validators,
            ...(flags.threshold !== undefined && { threshold: flags.threshold }),
            httpPort: flags.port,
            onStep: (step) => progress.step(`starting ${step}`),
          },
          io.signal,
        )
        await writeProfile(io, devnet)
        if (flags.json === true) io.out(JSON.stringify(publicProfile(devnet)))
        else for (const line of describe(devnet)) io.out(line)
        await new Promise<void>((resolve) => io.signal.addEventListener('abort', () => resolve(), { once: true }))
      } finally {
        await rm(devnetProfilePath(io), { force: true })
        await rm(dataDir, { recursive: true, force: true })
      }
    })
}

const parseNames = (text: string): readonly string[] => (text === 'none' ? [] : text.split(','))

const publicProfile = (devnet: Devnet): Omit<DevnetProfile, 'clientKey'> => ({
  aggregator: devnet.aggregatorUrl,
  rpcUrl: devnet.rpcUrl,
  escrow: devnet.escrow,
  chainId: devnet.chain.market.chainId,
  beaconUrl: devnet.beaconUrl,
  bootstrap: [...devnet.bootstrap],
  quorumId: devnet.quorumId,
  pid: process.pid,
})

async function writeProfile(io: Io, devnet: Devnet): Promise<void> {
  const profile: DevnetProfile = { ...publicProfile(devnet), clientKey: devnet.client.privateKey }
  await mkdir(dirname(devnetProfilePath(io)), { recursive: true, mode: 0o700 })
  await writeFile(devnetProfilePath(io), JSON.stringify(profile, undefined, 2), { mode: 0o600 })
}

function* describe(devnet: Devnet): Generator<string> {
  const rows = [
    ...devnet.providers.map(({ name, address, villain }) => [name, address, 'provider', villain ?? '']),
    ...devnet.validators.map(({ name, address, villain }) => [name, address, 'validator', villain ?? '']),
  ]
  yield* formatTable(['name', 'address', 'role', 'plays'], rows)
  yield `aggregator ${devnet.aggregatorUrl}   chain ${devnet.rpcUrl}   escrow ${devnet.escrow}`
  yield ''
  yield 'In another terminal:  assay run --cap 5 --image <image> --input <folder> -- <command>'
  yield 'Stop with Ctrl-C; nothing is kept.'
}
