import { openDevnet } from '@assay/devnet'
import { createLogger, silentLogger } from '@assay/node-kit'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { openProgress } from '../progress.ts'
import { devnetProfilePath, homeOf, type DevnetProfile } from '../settings.ts'
import { formatTable } from '../table.ts'
import type { AddCommand } from './add-command.ts'

interface DevnetFlags {
  readonly seed: string
  readonly honest: number
  readonly garbage: number
  readonly validators: number
  readonly threshold: number
  readonly port: number
  readonly json?: boolean
  readonly verbose?: boolean
}

export const addDevnet: AddCommand = (program, io) => {
  program
    .command('devnet')
    .description('run a whole market on this machine: chain, beacon, aggregator, providers, one cheater, validators')
    .option('--seed <text>', 'keys of all actors follow from it', 'devnet')
    .option('--honest <count>', 'honest providers', Number, 4)
    .option('--garbage <count>', 'providers that return plausible garbage', Number, 1)
    .option('--validators <count>', 'validators', Number, 5)
    .option('--threshold <count>', 'signatures that settle', Number, 3)
    .option('--port <number>', 'port of the aggregator; 0 = any', Number, 8090)
    .option('--verbose', 'log of all nodes on stderr')
    .option('--json', 'print the profile as one JSON object')
    .action(async (flags: DevnetFlags) => {
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
            garbageProviders: flags.garbage,
            validators: flags.validators,
            threshold: flags.threshold,
            httpPort: flags.port,
            onStep: (step) => progress.step(`starting ${step}`),
          },
          io.signal,
        )
        const profile: DevnetProfile = {
          aggregator: devnet.aggregatorUrl,
          rpcUrl: devnet.rpcUrl,
          escrow: devnet.escrow,
          chainId: devnet.chain.market.chainId,
          beaconUrl: devnet.beaconUrl,
          bootstrap: [...devnet.bootstrap],
          quorumId: devnet.quorumId,
          clientKey: devnet.client.privateKey,
          pid: process.pid,
        }
        await mkdir(dirname(devnetProfilePath(io)), { recursive: true, mode: 0o700 })
        await writeFile(devnetProfilePath(io), JSON.stringify(profile, undefined, 2), { mode: 0o600 })
        const { clientKey: _, ...shown } = profile
        if (flags.json === true) io.out(JSON.stringify(shown))
        else {
          const rows = [
            ...devnet.providers.map(({ name, address, honest }) => [
              name,
              address,
              honest ? 'provider' : 'provider that cheats',
            ]),
            ...devnet.validators.map(({ name, address }) => [name, address, 'validator']),
          ]
          for (const line of formatTable(['name', 'address', 'role'], rows)) io.out(line)
          io.out(`aggregator ${devnet.aggregatorUrl}   chain ${devnet.rpcUrl}   escrow ${devnet.escrow}`)
          io.out('')
          io.out('In another terminal:  assay run --cap 5 --image <image> --input <folder> -- <command>')
          io.out('Stop with Ctrl-C; nothing is kept.')
        }
        await new Promise<void>((resolve) => io.signal.addEventListener('abort', () => resolve(), { once: true }))
      } finally {
        await rm(devnetProfilePath(io), { force: true })
        await rm(dataDir, { recursive: true, force: true })
      }
    })
}
