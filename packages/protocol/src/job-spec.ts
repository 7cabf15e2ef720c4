/** What a client buys. Its canonical bytes hash to the spec hash that the order terms bind. */
import { z } from 'zod'
import { encodeCanonicalBytes, sha256Hex } from './canonical.ts'
import { toJson } from './envelope.ts'
import { hardwareClassSchema } from './hardware-class.ts'
import { limits } from './limits.ts'
import {
  addressSchema,
  byteCountSchema,
  durationMsSchema,
  hashSchema,
  milliCpusSchema,
  pathSchema,
  ppmSchema,
  usdcSchema,
} from './schema.ts'
import { Tolerance } from './tolerance.ts'
import { asHash, type BlobRoot, type SpecHash } from './units.ts'

const word = z
  .string()
  .max(limits.wordBytes)
  .refine((text) => !text.includes('\0') && text.isWellFormed())

/** An input file: where it appears below `/in`, and its content address. */
export const InputRef = z.strictObject({
  path: pathSchema,
  root: hashSchema<BlobRoot>(),
  size: byteCountSchema.refine((size) => size <= limits.inputBytes),
  executable: z.boolean(),
})
export type InputRef = z.infer<typeof InputRef>

export const ShardSpec = z.strictObject({
  /** Names the shard's folder in the outputs; unique in the job. */
  name: pathSchema,
  /** Replaces every `{}` in the job's command words; absent = no replacement. */
  subject: word.optional(),
  /** Words after the job's command. */
  args: z.array(word).max(limits.commandWords),
  inputs: z.array(InputRef).max(limits.inputsPerShard),
})
export type ShardSpec = z.infer<typeof ShardSpec>

/**
 * How reproducible the work is: D1 = bit for bit in a pinned CPU container; D2 = bit for bit on hardware of one class;
 * D3 = numbers within a tolerance; DX = not comparable, never slashable.
 */
export const DeterminismClass = z.enum(['D1', 'D2', 'D3', 'DX'])
export type DeterminismClass = z.infer<typeof DeterminismClass>

export const Resources = z.strictObject({
  cpus: milliCpusSchema,
  memoryBytes: byteCountSchema.refine((n) => n >= 16 * 1024 * 1024),
  /** Size of each writable tmpfs, `/out` and `/tmp`. */
  diskBytes: byteCountSchema.refine((n) => n >= 1024 * 1024),
  pids: z.int().min(4).max(4096),
})
export type Resources = z.infer<typeof Resources>

export const JobSpec = z
  .strictObject({
    v: z.literal(1),
    client: addressSchema,
    /** `[name@]sha256:<64 hex>`; only the digest decides what runs. */
    image: z.string().regex(/^(?:[A-Za-z0-9][A-Za-z0-9._:/-]{0,200}@)?sha256:[0-9a-f]{64}$/),
    command: z.array(word).min(1).max(limits.commandWords),
    env: z
      .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/), word)
      .refine((env) => Object.keys(env).length <= limits.envVariables),
    resources: Resources,
    timeLimitMs: durationMsSchema.refine((ms) => ms >= 100 && ms <= limits.shardTimeMs),
    network: z.literal('none'),
    determinism: DeterminismClass,
    /** Hardware that may run it: with D2, and only there. */
    hardwareClass: hardwareClassSchema.optional(),
    /** How far results may be apart: with D3, and only there. */
    tolerance: Tolerance.optional(),
    captureStdout: z.boolean(),
    outputBytes: byteCountSchema.refine((n) => n <= limits.outputBytes),
    /** Inputs that every shard sees. */
    sharedInputs: z.array(InputRef).max(limits.inputsPerShard),
    shards: z.array(ShardSpec).min(1).max(limits.shardsPerJob),
    /** Paid for each verified shard. */
    priceUsdc: usdcSchema.refine((price) => price > 0n),
    /** Paid to a validator for each audit it opens, whatever the verdict. */
    auditFeeUsdc: usdcSchema,
    /** Most that audits of this job may cost; shared out evenly when there are more audits than it covers. */
    auditBudgetUsdc: usdcSchema,
    /** Audit at least this share of the shards, however much stake stands behind them. */
    minAuditRatePpm: ppmSchema,
    /** age recipient of the results: nobody else can read them. */
    sealTo: z.string().regex(/^age1[0-9a-z]{58}$/),
    rail: z.literal('usdc'),
  })
  .refine((spec) => new Set(spec.shards.map((shard) => shard.name)).size === spec.shards.length, {
    message: 'shard names must be unique',
    path: ['shards'],
  })
  .refine((spec) => spec.shards.every((shard) => uniquePaths([...spec.sharedInputs, ...shard.inputs])), {
    message: 'input paths of a shard must be unique and none may lie below another',
    path: ['shards'],
  })
  .refine((spec) => (spec.determinism === 'D2') === (spec.hardwareClass !== undefined), {
    message: 'a hardware class goes with class D2 and with no other',
    path: ['hardwareClass'],
  })
  .refine((spec) => (spec.determinism === 'D3') === (spec.tolerance !== undefined), {
    message: 'a tolerance goes with class D3 and with no other',
    path: ['tolerance'],
  })
  .refine((spec) => spec.determinism !== 'D3' || spec.outputBytes <= limits.toleranceOutputBytes, {
    message: 'results that are compared by their numbers are read whole: outputBytes is too large for class D3',
    path: ['outputBytes'],
  })
export type JobSpec = z.infer<typeof JobSpec>

/** SHA-256 of the canonical bytes of the spec. */
export const deriveSpecHash = (spec: JobSpec): SpecHash => asHash(sha256Hex(encodeCanonicalBytes(toJson(spec))))

/** The words a shard's container runs. */
export function shardCommand(spec: JobSpec, shard: number): readonly string[] {
  const { subject, args } = spec.shards[shard]!
  const command =
    subject === undefined ? spec.command : spec.command.map((part) => part.replaceAll('{}', () => subject))
  return [...command, ...args]
}

/** All input files of a shard, shared ones first. */
export const shardInputs = (spec: JobSpec, shard: number): readonly InputRef[] => [
  ...spec.sharedInputs,
  ...spec.shards[shard]!.inputs,
]

/** The digest part of an image reference: `sha256:<64 hex>`. */
export const imageDigest = (image: string): string => image.slice(image.lastIndexOf('sha256:'))

function uniquePaths(inputs: readonly InputRef[]): boolean {
  const paths = new Set(inputs.map((input) => input.path))
  if (paths.size !== inputs.length) return false
  return inputs.every(({ path }) => {
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1))
      if (paths.has(path.slice(0, at))) return false
    return true
  })
}
