import { openProgress } from '../progress.ts'
import { openMarketClient, type MarketFlags } from '../settings.ts'
import { withMarketOptions, type AddCommand } from './add-command.ts'
import { describeCertificate } from './certificate.ts'
import { jobOf, jobOptions, reportStart } from './run.ts'

type CertifyFlags = MarketFlags & Parameters<typeof jobOf>[2] & { readonly json?: boolean }

export const addCertify: AddCommand = (program, io) => {
  jobOptions(withMarketOptions(program.command('certify')))
    .description('have the quorum of a market certify that a job is reproducible; nothing is bought')
    .addHelpText('after', certifyHelp)
    .action(async (command: string[], flags: CertifyFlags) => {
      // Nothing is paid, so no cap is asked for.
      await using client = await openMarketClient(io, { ...flags, cap: '0.000001' })
      using progress = openProgress(io, flags.json === true)
      const { id, certificate } = await client.certify({
        ...(await jobOf(io, command, flags)),
        onProgress: (event) => reportStart(event, progress),
      })
      if (flags.json === true) return io.out(JSON.stringify({ id, certificate }))
      for (const line of describeCertificate({ id, certificate })) io.out(line)
    })
}

const certifyHelp = `
Example:
  assay certify --image python:3.12 --input photos -- python3 -c "…" {}

Takes the flags of \`assay run\`. Inputs are uploaded; each validator of the quorum runs one shard twice, under different
conditions and without knowing what the others find. Exit status: 0 certified, 1 not reproducible.
`
