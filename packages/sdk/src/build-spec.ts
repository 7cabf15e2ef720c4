/** From what the caller said to the exact job specification. Pure. */
import {
  encodeCanonicalBytes,
  formatUsdc,
  JobSpec,
  limits as wire,
  MarketError,
  parseUsdc,
  timesUsdc,
  toJson,
  usdc,
  type Address,
  type MarketInfo,
  type UsdcBase,
} from '@assay/protocol'
import { completeTolerance } from './complete-tolerance.ts'
import type { HashedInputs } from './hash-inputs.ts'
import type { TaskOptions } from './map-options.ts'

const MiB = 1024 * 1024
/** What a shard gets when the caller does not say. */
const taskDefaults = {
  cpus: 1,
  memoryBytes: 512 * MiB,
  diskBytes: 256 * MiB,
  pids: 256,
  timeLimitMs: 60_000,
} as const

/** Price of one shard: the market's, never above the caller's. Throws `spec-invalid`, `budget-too-small`. */
export function choosePrice(options: TaskOptions, market: MarketInfo): UsdcBase {
  if (options.maxPricePerShardUsdc === undefined) return market.priceUsdc
  const most = parseAmount(options.maxPricePerShardUsdc, 'maxPricePerShardUsdc')
  assertAffordable(market.priceUsdc, most)
  return market.priceUsdc
}

/** Throws `budget-too-small` when a shard costs more than the caller pays. */
export function assertAffordable(price: UsdcBase, most: UsdcBase): void {
  if (price <= most) return
  throw new MarketError('budget-too-small', `a shard costs ${formatUsdc(price)} USDC here; nothing was paid`, {
    details: { leastUsdc: formatUsdc(price), maxPricePerShardUsdc: formatUsdc(most) },
  })
}

/** Assembles a spec without its seal key. Throws `spec-invalid` for money that is not an amount. */
export function draftSpec(
  options: TaskOptions,
  hashed: HashedInputs,
  money: { readonly client: Address; readonly priceUsdc: UsdcBase; readonly auditFeeUsdc: UsdcBase },
): object {
  const { resources } = options
  const diskBytes = resources?.diskBytes ?? taskDefaults.diskBytes
  const mostOutput = options.determinism === 'D3' ? wire.toleranceOutputBytes : wire.outputBytes
  const substitute = options.substitute !== false && options.command.some((word) => word.includes('{}'))
  const auditBudgetUsdc =
    options.auditBudgetUsdc === undefined
      ? // Nobody audits class DX.
        timesUsdc(money.auditFeeUsdc, options.determinism === 'DX' ? 0 : hashed.shards.length)
      : parseAmount(options.auditBudgetUsdc, 'auditBudgetUsdc')
  return {
    v: 1,
    client: money.client,
    image: options.image,
    command: [...options.command],
    env: { ...options.env },
    resources: {
      cpus: Math.round((resources?.cpus ?? taskDefaults.cpus) * 1000),
      memoryBytes: resources?.memoryBytes ?? taskDefaults.memoryBytes,
      diskBytes,
      pids: resources?.pids ?? taskDefaults.pids,
    },
    timeLimitMs: options.timeLimitMs ?? taskDefaults.timeLimitMs,
    network: 'none',
    determinism: options.determinism ?? 'D1',
    ...(options.hardwareClass !== undefined && { hardwareClass: options.hardwareClass }),
    ...(options.tolerance !== undefined && { tolerance: completeTolerance(options.tolerance) }),
    captureStdout: options.captureStdout ?? true,
    outputBytes: options.outputBytes ?? Math.min(diskBytes, mostOutput),
    sharedInputs: [...hashed.shared],
    shards: hashed.shards.map(({ name, args, subject, inputs }) => ({
      name,
      ...(substitute && { subject }),
      args: [...args],
      inputs: [...inputs],
    })),
    priceUsdc: money.priceUsdc,
    auditFeeUsdc: money.auditFeeUsdc,
    auditBudgetUsdc,
    minAuditRatePpm: Math.ceil((options.minAuditRate ?? 0) * 1_000_000),
    rail: 'usdc',
  }
}

/** Adds the seal key and checks the whole. Throws `spec-invalid` naming the first wrong field. */
export function finishSpec(draft: object, sealTo: string): JobSpec {
  const wireForm = toJson({ ...draft, sealTo })
  const parsed = JobSpec.safeParse(wireForm)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    const field = issue?.path.join('.') ?? ''
    throw new MarketError('spec-invalid', `the job is not valid at ${field || 'its root'}: ${issue?.message ?? ''}`, {
      details: { field, problem: issue?.message.slice(0, 200) ?? '' },
    })
  }
  const bytes = encodeCanonicalBytes(wireForm).length
  if (bytes > wire.specBytes) {
    throw new MarketError('spec-invalid', `the job's description is too long; use fewer shards or files`, {
      details: { field: 'shards', bytes, maxBytes: wire.specBytes },
    })
  }
  return parsed.data
}

/** Reads whole USDC. Throws `spec-invalid` naming the option. */
export function parseAmount(text: string, field: string): UsdcBase {
  const amount = parseUsdc(text)
  if (amount !== undefined) return usdc(amount)
  throw new MarketError('spec-invalid', `${field} is not an amount of USDC such as 0.25`, { details: { field } })
}
