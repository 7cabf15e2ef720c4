import { createAggregatorStore, migrations, openAggregator, serveAggregator } from '@assay/aggregator'
import { openWallet } from '@assay/chain'
import { openDatabase } from '@assay/node-kit'
import { basisPoints, MarketError, parseUsdc, quorumId, type UsdcBase } from '@assay/protocol'
import { join } from 'node:path'
import { openServiceParts, untilStopped, withServiceOptions, type ServiceFlags } from '../open-service-parts.ts'
import type { AddCommand } from './add-command.ts'

interface AggregatorFlags extends ServiceFlags {
  readonly quorum: number
  readonly host: string
  readonly port: number
  readonly fee: number
  readonly price: string
  readonly auditFee: string
  readonly seedDelay: number
  readonly settleMinutes: number
  readonly refundMinutes: number
}

export const addAggregator: AddCommand = (program, io) => {
  const group = program.command('aggregator').description('take jobs, find providers, settle')
  withServiceOptions(group.command('start'))
    .description('run an aggregator until interrupted; a restart continues every job')
    .requiredOption('--quorum <id>', 'validator set of new orders', Number)
    .option('--host <address>', 'HTTP address', '127.0.0.1')
    .option('--port <number>', 'HTTP port; 0 = any', Number, 8090)
    .option('--fee <bps>', 'fee in hundredths of a per cent, at most 500', Number, 200)
    .option('--price <usdc>', 'suggested price of a shard', '0.01')
    .option('--audit-fee <usdc>', 'fee of an audit', '0.005')
    .option('--seed-delay <rounds>', 'beacon rounds between an epoch and its seed', Number, 2)
    .option('--settle-minutes <number>', 'time for settlement on top of the job’s own', Number, 60)
    .option('--refund-minutes <number>', 'from the last settlement to the refund anyone can send', Number, 60)
    .action(async (flags: AggregatorFlags) => {
      await using stack = new AsyncDisposableStack()
      const parts = await openServiceParts(io, flags, 'aggregator', stack)
      const database = stack.use(openDatabase(join(parts.dir, 'aggregator.db'), { migrations }))
      const store = createAggregatorStore(database)
      const wallet = openWallet(parts.chainClient, parts.privateKey, store.transactions)
      const options = {
        quorumId: quorumId(flags.quorum),
        feeBps: basisPoints(flags.fee),
        priceUsdc: money('price', flags.price),
        auditFeeUsdc: money('audit-fee', flags.auditFee),
        seedDelayRounds: flags.seedDelay,
        settleWindowMs: flags.settleMinutes * 60_000,
        refundDelayMs: flags.refundMinutes * 60_000,
      }
      const service = stack.use(await openAggregator({ ...parts, store, wallet }, options, io.signal))
      const server = stack.use(await serveAggregator(service, { host: flags.host, port: flags.port }))
      // The one line that other programs wait for.
      io.out(JSON.stringify({ aggregator: server.url, address: service.address, addresses: parts.network.addresses() }))
      await untilStopped(io)
    })
}

function money(flag: string, text: string): UsdcBase {
  const amount = parseUsdc(text)
  if (amount === undefined)
    throw new MarketError('config-invalid', `--${flag} is not an amount of USDC`, { details: { flag: `--${flag}` } })
  return amount
}
