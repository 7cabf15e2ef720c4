/** A ringer for providers: a job that somebody was paid for is bought again, by somebody else, and the results compared. */
import { findMismatches } from '@assay/core'
import { formatUsdc, MarketError, type BlobRoot, type InputRef, type JobSpec, type OrderId } from '@assay/protocol'
import type { Client } from './client.ts'
import type { MapOptions } from './map-options.ts'
import type { JobReceipt } from './receipt.ts'
import type { ByteSource, InputFile } from './shard-input.ts'

export interface RingerOptions {
  /** Opens an input of the receipt's job by its root. */
  readonly open: (root: BlobRoot) => ByteSource
  readonly signal?: AbortSignal
}
export interface RingerResult {
  readonly orderId: OrderId
  /** Shards whose new result could be compared. */
  readonly compared: number
  /** Shards with another result than the one that was paid before; each was challenged. */
  readonly mismatched: readonly number[]
}

/**
 * Buys the job of a receipt again, whole and unchanged, through the ordinary path; compares every accepted result with
 * the root that the receipt opens, and challenges those that differ. Which of the two is wrong is for the quorum to
 * find. The client must be another than the receipt's. Waits for the end; throws what `Client.map` and `Job.receipt` throw,
 * `config-invalid` for the same client, and `spec-invalid` for a job whose shards cannot be bought again as they were.
 */
export async function ringProvider(
  client: Client,
  known: JobReceipt,
  { open, signal }: RingerOptions,
): Promise<RingerResult> {
  const { evidence, openings } = known.receipt
  if (evidence.terms.client === client.address)
    throw new MarketError('config-invalid', 'a ringer by the same client is none: use a key of its own', {
      details: { setting: 'client', client: client.address },
    })
  const job = await client.map({ ...toOptions(evidence.spec, open), ...(signal && { signal }) })
  for await (const _ of job.events(signal === undefined ? {} : { signal })) if (signal?.aborted === true) break
  const { receipt } = await job.receipt(signal === undefined ? {} : { signal })
  const mismatched = findMismatches(openings, receipt.openings)
  for (const shard of mismatched) await job.challenge(shard, { why: 'ringer', ...(signal && { signal }) })
  return { orderId: job.id, compared: receipt.openings.length, mismatched }
}

/** What a client would have said to buy this spec. */
function toOptions(spec: JobSpec, open: RingerOptions['open']): MapOptions {
  const subjects = spec.shards.filter(({ subject }) => subject !== undefined).length
  if (subjects > 0 && subjects < spec.shards.length)
    throw new MarketError('spec-invalid', 'only some shards of this job have a subject', { details: { subjects } })
  const toFile = ({ root, path, size, executable }: InputRef): InputFile => ({
    path,
    size,
    executable,
    open: () => open(root),
  })
  const { cpus, memoryBytes, diskBytes, pids } = spec.resources
  return {
    image: spec.image,
    command: spec.command,
    substitute: subjects > 0,
    shared: spec.sharedInputs.map(toFile),
    inputs: spec.shards.map(({ name, subject, args, inputs }) => ({
      name,
      args,
      files: inputs.map(toFile),
      ...(subject !== undefined && { subject }),
    })),
    env: spec.env,
    resources: { cpus: cpus / 1000, memoryBytes, diskBytes, pids },
    timeLimitMs: spec.timeLimitMs,
    maxPricePerShardUsdc: formatUsdc(spec.priceUsdc),
    auditBudgetUsdc: formatUsdc(spec.auditBudgetUsdc),
    minAuditRate: spec.minAuditRatePpm / 1_000_000,
    captureStdout: spec.captureStdout,
    outputBytes: spec.outputBytes,
    determinism: spec.determinism,
  }
}
