import { openMarketClient, type MarketFlags } from '../settings.ts'
import { withMarketOptions, type AddCommand } from './add-command.ts'
import { quoteLines } from './quote-lines.ts'
import { jobOf, jobOptions, type JobFlags } from './run.ts'

type QuoteFlags = MarketFlags & JobFlags

export const addQuote: AddCommand = (program, io) => {
  jobOptions(withMarketOptions(program.command('quote')))
    .description('what a job would cost and what verification buys for it; nothing is uploaded, signed or paid')
    .addHelpText('after', quoteHelp)
    .action(async (command: string[], flags: QuoteFlags) => {
      // Nothing is spent, so no cap is asked for.
      await using client = await openMarketClient(io, { ...flags, cap: '0.000001' })
      const priced = await client.quote(await jobOf(io, command, flags))
      if (flags.json !== true) return quoteLines(priced).forEach((line) => io.out(line))
      const { economics, quote } = priced
      const plain = JSON.stringify({ quote, economics }, (_, value: unknown) =>
        typeof value === 'bigint' ? value.toString() : value,
      )
      io.out(plain)
    })
}

const quoteHelp = `
Examples:
  assay quote --image busybox --input texts -- wc -w {}
  assay quote --audit-rate 25% --image busybox --input texts -- wc -w {}
`
