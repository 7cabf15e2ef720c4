import { groupBands, isEligible, orderAmount, requiredRate, type Candidate, type RateBand } from '@assay/core'
import {
  asHash,
  byteCount,
  bytesToHex,
  deriveOrderId,
  deriveSpecHash,
  durationMs,
  imageDigest,
  limits as wire,
  MarketError,
  minUsdc,
  ppm,
  quorumId as quorumIdOf,
  sumUsdc,
  toUnixSeconds,
  unixMs,
  unixSeconds,
  after,
  type Hash32,
  type JobSpec,
  type OrderTerms,
  type Quote,
  type QuoteRequest,
  type Salt,
} from '@assay/protocol'
import { inputSizes } from '../http/blobs.ts'
import type { Context } from '../context.ts'
import { aggregatorLimits as limits } from '../limits.ts'
import { certificateStatus } from './find-certificate.ts'
import { candidatesFor } from './dispatch-shards.ts'
import { passesOf } from './passes-of.ts'

/** Prices a job, or says why it cannot be served. Nothing is paid or reserved but room for its inputs. */
export async function quoteJob(
  context: Context,
  { spec, quorumId }: QuoteRequest,
  signal: AbortSignal,
): Promise<Quote> {
  const { chain, clock, options, quorum, rng, signer, store } = context
  const now = clock.now()
  if (store.countQuotes(now) >= limits.openQuotes || store.countActive() >= limits.activeJobs)
    throw new MarketError('rate-limited', 'too many quotes or jobs are open', {
      details: { retryAfterMs: limits.quoteMs },
    })
  if (quorumId !== undefined && quorumId !== quorum.id)
    throw new MarketError('quorum-unknown', 'this aggregator serves another quorum', {
      details: { quorumId, served: quorum.id },
    })
  checkSpec(spec)
  const candidates = await findCandidates(context, spec, signal)
  const judged = spec.determinism !== 'DX'
  if (judged) checkQuorumOnline(context, spec)
  const amount = orderAmount(spec, options.feeBps)
  const settleBy = toUnixSeconds(after(now, limits.quoteMs + options.settleWindowMs + jobTimeMs(spec, candidates)))
  const terms: OrderTerms = {
    client: spec.client,
    aggregator: signer.address,
    maxAmount: amount.maxUsdc,
    settleBy,
    refundAt: unixSeconds(settleBy + Math.ceil(options.refundDelayMs / 1000)),
    quorumId: judged ? quorum.id : quorumIdOf(0),
    feeBps: options.feeBps,
    specHash: deriveSpecHash(spec),
    salt: asHash<Salt>(bytesToHex(rng.bytes(32))),
  }
  const orderId = deriveOrderId(chain.market, terms)
  const quoteId: Hash32 = asHash(orderId)
  const expiresAtMs = after(now, limits.quoteMs)
  store.saveQuote({ quoteId, orderId, terms, spec, expiresAtMs })
  const bands = judged ? groupBands(candidates.map((candidate) => toBand(context, spec, candidate))) : []
  const rates = bands.map(({ ratePpm }) => ratePpm)
  return {
    quoteId,
    terms,
    orderId,
    maxUsdc: amount.maxUsdc,
    shardsUsdc: amount.shardsUsdc,
    auditBudgetUsdc: amount.auditBudgetUsdc,
    feeUsdc: amount.feeUsdc,
    auditRateMinPpm: ppm(judged ? Math.min(...rates) : 0),
    auditRateMaxPpm: ppm(judged ? Math.max(...rates) : 0),
    stakeUsdc: candidates.map(({ stakeUsdc }) => stakeUsdc).reduce(minUsdc),
    stakeTotalUsdc: sumUsdc(candidates.map(({ stakeUsdc }) => stakeUsdc)),
    providers: candidates.length,
    certificate: certificateStatus(context, spec),
    bands: [...bands],
    runMs: durationMs(wavesOf(spec, candidates) * spec.timeLimitMs),
    ...(judged && { quorum: describeQuorum(context) }),
    missing: await missingInputs(context, spec),
    expiresAtMs: unixMs(expiresAtMs),
  }
}

function checkSpec(spec: JobSpec): void {
  const refuse = (field: string, problem: string): never => {
    throw new MarketError('spec-invalid', `the spec cannot be served: ${problem}`, { details: { field, problem } })
  }
  if (spec.determinism === 'D3') refuse('determinism', 'only classes D1, D2 and DX are offered so far')
  if (spec.determinism === 'DX' && spec.auditBudgetUsdc !== 0n) refuse('auditBudgetUsdc', 'nobody audits class DX')
  if (
    spec.determinism !== 'DX' &&
    (spec.auditFeeUsdc === 0n || spec.auditBudgetUsdc < spec.auditFeeUsdc * BigInt(spec.shards.length))
  )
    throw new MarketError('budget-too-small', 'the audit budget does not cover one audit a shard', {
      details: {
        need: (spec.auditFeeUsdc * BigInt(spec.shards.length)).toString(),
        have: spec.auditBudgetUsdc.toString(),
      },
    })
  const total = [...inputSizes(spec).values()].reduce((sum, size) => sum + size, 0)
  if (total > wire.inputBytes)
    throw new MarketError('input-too-large', 'the inputs of the job are too large together', {
      details: { bytes: total, maxBytes: wire.inputBytes },
    })
}

async function findCandidates(context: Context, spec: JobSpec, signal: AbortSignal): Promise<readonly Candidate[]> {
  const errors = await context.directory.probeImage(spec.image, signal)
  const { priceUsdc, determinism, hardwareClass, resources } = spec
  const { cpus, memoryBytes } = resources
  const need = { priceUsdc, determinism, hardwareClass, cpus, memoryBytes, tried: new Set<never>() }
  const holders = candidatesFor(context, { spec }, new Map(context.store.load()))
  const able = holders.filter((candidate) => isEligible(candidate, need))
  if (able.length > 0) return able
  const known = context.directory.providers()
  if (known.length === 0) throw new MarketError('no-providers', 'no staked provider is online')
  const [imageError] = errors
  if (holders.length === 0 && imageError !== undefined)
    throw imageError.code === 'image-digest-mismatch' || imageError.code === 'image-refused'
      ? imageError
      : new MarketError('image-unknown', 'no provider can run this image', {
          details: { image: imageDigest(spec.image) },
          cause: imageError,
        })
  const cheapest = holders.reduce<bigint | undefined>(
    (least, { minPriceUsdc }) => (least === undefined || minPriceUsdc < least ? minPriceUsdc : least),
    undefined,
  )
  if (cheapest !== undefined && cheapest > priceUsdc)
    throw new MarketError('budget-too-small', 'every provider asks for more per shard', {
      details: { need: cheapest.toString(), have: priceUsdc.toString() },
    })
  if (hardwareClass !== undefined && !holders.some((holder) => holder.hardwareClasses.includes(hardwareClass)))
    throw new MarketError('hardware-class-unserved', 'no provider online is of this hardware class', {
      details: { hardwareClass, alike: 0, online: known.length },
    })
  throw new MarketError('no-providers', 'no provider has what the job asks for', {
    details: { cpus, memoryBytes, online: known.length },
  })
}

function checkQuorumOnline({ directory, quorum }: Context, { hardwareClass }: JobSpec): void {
  const members = directory.validators().filter((node) => quorum.members.includes(node.peer.address))
  if (members.length < quorum.threshold)
    throw new MarketError('no-quorum', 'too few validators of the quorum are online', {
      details: { online: members.length, need: quorum.threshold },
    })
  if (hardwareClass === undefined) return
  // Any member may be drawn to repeat the run: one of another class would leave its seat empty, or find other bytes.
  const alike = members.filter(({ advert }) => advert.hardwareClasses?.includes(hardwareClass) === true).length
  if (alike < members.length)
    throw new MarketError('hardware-class-unserved', 'not every validator online is of this hardware class', {
      details: { hardwareClass, alike, online: members.length },
    })
}

/** How often all slots are filled until every shard had its turn. */
function wavesOf(spec: JobSpec, candidates: readonly Candidate[]): number {
  const slots = candidates.reduce((sum, { slots: own }) => sum + Math.max(1, own), 0)
  return Math.ceil(spec.shards.length / slots)
}

/** The rate at which a provider's commit would be audited now. */
function toBand(context: Context, spec: JobSpec, { provider, stakeUsdc }: Candidate): Omit<RateBand, 'providers'> {
  const { determinism, minAuditRatePpm: minRatePpm, priceUsdc } = spec
  const auditedPasses = passesOf(context, provider)
  return { stakeUsdc, ratePpm: requiredRate({ priceUsdc, stakeUsdc, auditedPasses, minRatePpm, determinism }) }
}

function describeQuorum({ directory, quorum }: Context): Quote['quorum'] {
  const online = directory.validators().filter(({ peer }) => quorum.members.includes(peer.address))
  const { id, threshold, members } = quorum
  return { id, threshold, members: members.length, stakeUsdc: sumUsdc(online.map(({ operator }) => operator.stake)) }
}

/** Time the shards may need on the slots there are, every retry included. */
function jobTimeMs(spec: JobSpec, candidates: readonly Candidate[]): number {
  return (
    (wavesOf(spec, candidates) + wire.attemptsPerShard) *
    (spec.timeLimitMs * (1 + limits.auditTimeFactor) + limits.attemptSlackMs)
  )
}

async function missingInputs({ blobs }: Context, spec: JobSpec): Promise<Quote['missing']> {
  const missing: Quote['missing'] = []
  for (const [root, size] of inputSizes(spec))
    if (!(await blobs.has(root))) missing.push({ root, size: byteCount(size) })
  return missing
}
