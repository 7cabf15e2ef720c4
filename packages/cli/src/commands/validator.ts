import { openDatabase, systemClock } from '@assay/node-kit'
import { openSandbox } from '@assay/runner'
import { createSqliteStore, migrations, openValidator } from '@assay/validator'
import { join } from 'node:path'
import { openServiceParts, untilStopped, withServiceOptions, type ServiceFlags } from '../open-service-parts.ts'
import type { AddCommand } from './add-command.ts'

export const addValidator: AddCommand = (program, io) => {
  const group = program
    .command('validator')
    .description('re-run sampled shards, sign verdicts and settlements, and earn')
  withServiceOptions(group.command('start'))
    .description('run a validator until interrupted')
    .action(async (flags: ServiceFlags) => {
      await using stack = new AsyncDisposableStack()
      const parts = await openServiceParts(io, flags, 'validator', stack)
      const runnerId = `validator-${parts.signer.address.slice(2, 14)}`
      const sandbox = stack.use(
        await openSandbox({ clock: systemClock }, { runnerId, stagingDir: join(parts.dir, 'staging') }, io.signal),
      )
      const database = stack.use(openDatabase(join(parts.dir, 'validator.db'), { migrations }))
      const service = stack.use(await openValidator({ ...parts, sandbox, store: createSqliteStore(database) }))
      io.out(JSON.stringify({ validator: service.address, addresses: parts.network.addresses() }))
      await untilStopped(io)
    })
}
