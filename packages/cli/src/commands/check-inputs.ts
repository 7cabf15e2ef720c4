/** The job of a check as a spec and files on this disk: what a provider would get, without a market. */
import { createBlobHasher, JobSpec, limits as wire, MarketError, type BlobRoot, type InputRef } from '@assay/protocol'
import { completeTolerance, type InputFile, type MapOptions, type ShardInput } from '@assay/sdk'
import { chmod, mkdir, open, rm, utimes } from 'node:fs/promises'
import { join } from 'node:path'

/** What is to be checked, nothing read yet. */
export interface ListedShards {
  readonly shards: readonly ShardInput[]
  readonly shared: readonly InputFile[]
  /** There are more shards than were asked for. */
  readonly more: boolean
  /** Bytes of all inputs together. */
  readonly inputBytes: number
  /** Most bytes of one result. */
  readonly resultBytes: number
}
export interface StagedCheck {
  readonly spec: JobSpec
  readonly pathOf: (root: BlobRoot) => Promise<string>
}

/** The first `most` shards. Throws `input-missing`, `spec-invalid` for inputs that cannot travel or are none. */
export async function listShards(job: MapOptions, most: number): Promise<ListedShards> {
  const shards: ShardInput[] = []
  let more = false
  for await (const shard of job.inputs) {
    more = shards.length >= most
    if (more) break
    shards.push(shard)
  }
  if (shards.length === 0)
    throw new MarketError('spec-invalid', 'there is no input, so there is nothing to run', {
      details: { field: 'shards' },
    })
  const shared: InputFile[] = []
  for await (const file of job.shared ?? []) shared.push(file)
  const files = [...shared, ...shards.flatMap((shard) => shard.files)]
  return {
    shards,
    shared,
    more,
    inputBytes: files.reduce((sum, { size }) => sum + (size ?? 0), 0),
    resultBytes: outputBytesOf(job) + wire.stdoutBytes,
  }
}

/**
 * Copies the inputs below `folder`, streaming, so that every run gets the same bytes whatever happens to the originals.
 * Throws `input-missing`, `spec-invalid`, `storage-full`, the signal's reason.
 */
export async function stageCheck(
  job: MapOptions,
  listed: ListedShards,
  folder: string,
  signal: AbortSignal,
): Promise<StagedCheck> {
  const home = join(folder, 'inputs')
  await mkdir(home)
  const paths = new Map<BlobRoot, string>()
  let copied = 0
  const stage = async (file: InputFile): Promise<InputRef> => {
    const path = join(home, String((copied += 1)))
    const { root, size } = await copyInput(file, path, signal)
    if (paths.has(root)) await rm(path)
    else paths.set(root, path)
    return { path: file.path, root, size, executable: file.executable ?? false }
  }
  const stageAll = async (files: readonly InputFile[]): Promise<readonly InputRef[]> => {
    const refs: InputRef[] = []
    for (const file of files) refs.push(await stage(file))
    return refs
  }
  const sharedInputs = await stageAll(listed.shared)
  const shards = []
  for (const shard of listed.shards) shards.push({ ...shard, inputs: await stageAll(shard.files) })
  const spec = createCheckSpec(job, sharedInputs, shards)
  return {
    spec,
    async pathOf(root) {
      const path = paths.get(root)
      if (path === undefined) throw new MarketError('internal', 'an input was not staged', { details: { root } })
      return path
    },
  }
}

/** The sandbox links files that have this mode and time, and would copy any other for every run. */
const inputMode = 0o444
const inputTimeS = 1

async function copyInput(input: InputFile, path: string, signal: AbortSignal) {
  const hasher = createBlobHasher()
  const source = input.open()
  await using file = await open(path, 'wx', 0o600)
  for await (const part of source instanceof Blob ? source.stream() : source) {
    signal.throwIfAborted()
    await file.write(part)
    await hasher.update(part)
  }
  await chmod(path, inputMode)
  await utimes(path, inputTimeS, inputTimeS)
  return await hasher.digest()
}

const outputBytesOf = ({ determinism, outputBytes, resources }: MapOptions): number =>
  outputBytes ??
  Math.min(
    resources?.diskBytes ?? defaults.diskBytes,
    determinism === 'D3' ? wire.toleranceOutputBytes : wire.outputBytes,
  )

/** What the client library fills in for a job on the market; a test compares the two. */
const defaults = {
  cpus: 1,
  memoryBytes: 512 * 1024 * 1024,
  diskBytes: 256 * 1024 * 1024,
  pids: 256,
  timeLimitMs: 60_000,
}

/** Stands where a job on the market names its client, its price and the key that results are sealed to. */
const nobody = {
  client: `0x${'00'.repeat(20)}`,
  priceUsdc: '1',
  auditFeeUsdc: '0',
  auditBudgetUsdc: '0',
  minAuditRatePpm: 0,
  sealTo: `age1${'q'.repeat(58)}`,
  rail: 'usdc',
}

/** A spec with the commands, inputs and limits of the job. Throws `spec-invalid` naming the first wrong field. */
export function createCheckSpec(
  job: MapOptions,
  sharedInputs: readonly InputRef[],
  shards: readonly (ShardInput & { readonly inputs: readonly InputRef[] })[],
): JobSpec {
  const { cpus, memoryBytes, diskBytes, pids } = { ...defaults, ...job.resources }
  const substitute = job.substitute !== false && job.command.some((word) => word.includes('{}'))
  const parsed = JobSpec.safeParse({
    v: 1,
    ...nobody,
    image: job.image,
    command: [...job.command],
    env: { ...job.env },
    resources: { cpus: Math.round(cpus * 1000), memoryBytes, diskBytes, pids },
    timeLimitMs: job.timeLimitMs ?? defaults.timeLimitMs,
    network: 'none',
    determinism: job.determinism ?? 'D1',
    ...(job.hardwareClass !== undefined && { hardwareClass: job.hardwareClass }),
    ...(job.tolerance !== undefined && { tolerance: completeTolerance(job.tolerance) }),
    captureStdout: job.captureStdout ?? true,
    outputBytes: outputBytesOf(job),
    sharedInputs: [...sharedInputs],
    shards: shards.map((shard) => ({
      name: shard.name,
      ...(substitute && { subject: subjectOf(shard) }),
      args: [...(shard.args ?? [])],
      inputs: [...shard.inputs],
    })),
  })
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const field = issue?.path.join('.') ?? ''
  throw new MarketError('spec-invalid', `the job is not valid at ${field || 'its root'}: ${issue?.message ?? ''}`, {
    details: { field, problem: issue?.message.slice(0, 200) ?? '' },
  })
}

function subjectOf({ subject, files }: ShardInput): string {
  const only = files.length === 1 ? files[0] : undefined
  return subject ?? (only === undefined ? '/in' : `/in/${only.path}`)
}
