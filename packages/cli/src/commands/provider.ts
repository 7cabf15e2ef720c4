import { openDatabase, systemClock } from '@assay/node-kit'
import { byteCount, MarketError, parseUsdc } from '@assay/protocol'
import { createSqliteStore, migrations, openProvider } from '@assay/provider'
import { openSandbox } from '@assay/runner'
import { join } from 'node:path'
import { openServiceParts, untilStopped, withServiceOptions, type ServiceFlags } from '../open-service-parts.ts'
import type { AddCommand } from './add-command.ts'

interface ProviderFlags extends ServiceFlags {
  readonly slots?: number
  readonly minPrice: string
  readonly inputGib: number
  readonly takeDx?: boolean
}

export const addProvider: AddCommand = (program, io) => {
  const group = program.command('provider').description('run shards in Docker and earn')
  withServiceOptions(group.command('start'))
    .description('run a provider until interrupted')
    .option('--slots <number>', 'shards at once; default: the engine’s cores', Number)
    .option('--min-price <usdc>', 'least price of a shard', '0.001')
    .option('--input-gib <number>', 'most input of one shard, GiB', Number, 4)
    .option('--take-dx', 'also run class DX, where nobody audits and the client’s acceptance alone pays')
    .action(async (flags: ProviderFlags) => {
      const minPriceUsdc = parseUsdc(flags.minPrice)
      if (minPriceUsdc === undefined)
        throw new MarketError('config-invalid', '--min-price is not an amount of USDC', {
          details: { flag: '--min-price' },
        })
      await using stack = new AsyncDisposableStack()
      const parts = await openServiceParts(io, flags, 'provider', stack)
      const runnerId = `provider-${parts.signer.address.slice(2, 14)}`
      const sandbox = stack.use(
        await openSandbox({ clock: systemClock }, { runnerId, stagingDir: join(parts.dir, 'staging') }, io.signal),
      )
      const { cpus } = await sandbox.probe(io.signal)
      const database = stack.use(openDatabase(join(parts.dir, 'provider.db'), { migrations }))
      const slots = flags.slots ?? Math.max(1, Math.floor(cpus / 1000))
      const classes = flags.takeDx === true ? (['D1', 'D2', 'DX'] as const) : (['D1', 'D2'] as const)
      const options = { slots, minPriceUsdc, classes, inputBytes: byteCount(flags.inputGib * 2 ** 30) }
      const service = stack.use(await openProvider({ ...parts, sandbox, store: createSqliteStore(database) }, options))
      io.out(JSON.stringify({ provider: service.address, addresses: parts.network.addresses() }))
      await untilStopped(io)
    })
}
