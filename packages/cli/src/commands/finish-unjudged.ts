import { usdc } from '@assay/protocol'
import { formatUsdc, type Job } from '@assay/sdk'
import { saveOutputs } from '@assay/sdk/node'
import { resolve } from 'node:path'
import { exitCodes, type ExitCode } from '../exit-codes.ts'
import type { Io } from '../io.ts'
import type { Progress } from '../progress.ts'

export interface UnjudgedFlags {
  readonly output: string
  readonly replace?: boolean
  readonly json?: boolean
  readonly accept: 'ask' | 'always' | 'never'
  readonly progress: Progress
}

/** The end of a job of class DX: saves what was delivered, then pays for it if that is wanted. */
export async function finishUnjudged(job: Job, io: Io, flags: UnjudgedFlags): Promise<ExitCode> {
  const { json, output, replace, progress } = flags
  const options = { replace: replace === true, allowPartial: true, signal: io.signal }
  const { missing, saved } = await saveOutputs(job, output, options)
  const outputs = resolve(output)
  progress.step(`${saved.length} of ${job.shardNames.length} results were delivered and open; nobody audited them`)
  const pays = saved.length > 0 && (await wants(io, flags, saved.length, outputs))
  const result = pays ? await job.accept({ signal: io.signal }) : undefined
  const paid = formatUsdc(result?.chargedUsdc ?? usdc(0n))
  if (json === true)
    io.out(
      JSON.stringify({
        orderId: job.id,
        outputs,
        saved,
        missing,
        accepted: result?.accepted ?? [],
        clientPaidUsdc: paid,
      }),
    )
  else {
    io.out(`outputs ${outputs}`)
    io.out(
      result === undefined
        ? `not accepted: \`assay job accept ${job.id}\` pays for it; from ${new Date(job.terms.refundAt * 1000).toISOString()} on \`assay job refund\` returns the money`
        : `accepted ${result.accepted.length} of ${job.shardNames.length} shards for ${paid} USDC; the rest came back`,
    )
  }
  return result !== undefined && missing.length === 0 ? exitCodes.ok : exitCodes.incomplete
}

async function wants(io: Io, { accept }: UnjudgedFlags, count: number, outputs: string): Promise<boolean> {
  if (accept !== 'ask') return accept === 'always'
  return io.ask(`Pay for the ${count} results in ${outputs}?`)
}
