/** Why a job is where it is: the facts that an aggregator adds to a `JobView`, and the findings that follow from both. */
import { z } from 'zod'
import { blames } from './blame.ts'
import { errorCodes } from './error-table.ts'
import { AuditReason, ShardVerdict } from './evidence.ts'
import { JobView } from './http-api.ts'
import { limits } from './limits.ts'
import {
  addressSchema,
  attemptSchema,
  hash32Schema,
  hashSchema,
  ppmSchema,
  shardSchema,
  unixMsSchema,
  usdcSchema,
} from './schema.ts'
import type { Commitment, EpochRoot } from './units.ts'

const attempts = limits.shardsPerJob * limits.attemptsPerShard
const count = z.int().min(0)
const about = { shard: shardSchema, attempt: attemptSchema }

/** Providers passed over, each counted once, at the first of these filters that it fails. */
export const MatchCounts = z.strictObject({
  /** The image is not known to run there. */
  image: count,
  /** A verdict of this market convicts it. */
  convicted: count,
  /** It has tried this shard before. */
  tried: count,
  /** It failed too often in a row. */
  failing: count,
  /** It asks for more than the job pays. */
  price: count,
  /** It does not take jobs of this determinism class. */
  class: count,
  cpus: count,
  memory: count,
  /** Half of its stake, less its unsettled work, is below the price. */
  stake: count,
  /** All its slots are taken. */
  busy: count,
})
export type MatchCounts = z.infer<typeof MatchCounts>

/** Who could have taken a shard that waits, and why nobody did. */
export const MatchFacts = z.strictObject({ shard: shardSchema, known: count, counts: MatchCounts, atMs: unixMsSchema })
export type MatchFacts = z.infer<typeof MatchFacts>

/** Everything that decided whether one commit is audited: anyone can draw again. */
export const DrawFacts = z.strictObject({
  ...about,
  commitment: hashSchema<Commitment>(),
  ratePpm: ppmSchema,
  root: hashSchema<EpochRoot>(),
  seedRound: z.int().min(1),
  randomness: hash32Schema,
})
export type DrawFacts = z.infer<typeof DrawFacts>

export const AuditFacts = z.strictObject({
  ...about,
  reason: AuditReason,
  /** Whether the provider was asked for its opening and did not give it. */
  unopened: z.boolean(),
  rounds: z
    .array(
      z.strictObject({
        /** Whom the seed drew, first seats, then alternates. */
        seats: z.array(addressSchema).max(limits.quorumMembers),
        alternates: z.array(addressSchema).max(limits.quorumMembers),
        /** Who committed a result, and who opened it. */
        committed: z.array(addressSchema).max(16),
        opened: z.array(addressSchema).max(16),
      }),
    )
    .max(5),
})
export type AuditFacts = z.infer<typeof AuditFacts>

export const SlashFacts = z.strictObject({
  ...about,
  accused: addressSchema,
  slashUsdc: usdcSchema,
  /** `appealable`: its appeal window runs; `unarmed`: no certificate speaks of the job, so it costs no stake. The last four are final. */
  state: z.enum(['collecting', 'submitted', 'appealable', 'slashed', 'unarmed', 'overturned', 'dropped']),
})
export type SlashFacts = z.infer<typeof SlashFacts>

/** What explains a job beyond its view. Lists hold what there is so far. */
export const JobFacts = z.strictObject({
  atMs: unixMsSchema,
  /** No attempt starts after this. */
  dispatchUntilMs: unixMsSchema,
  /** What is undecided then is given up, so that the rest can be settled. */
  lastCallMs: unixMsSchema,
  cancelled: z.boolean(),
  /** The order on chain, when it could be read. */
  order: z
    .strictObject({ status: z.enum(['none', 'funded', 'settled', 'refunded']), remainingUsdc: usdcSchema })
    .optional(),
  matches: z.array(MatchFacts).max(limits.shardsPerJob),
  deadlines: z.array(z.strictObject({ ...about, commitByMs: unixMsSchema })).max(attempts),
  draws: z.array(DrawFacts).max(attempts),
  audits: z.array(AuditFacts).max(attempts),
  slashes: z.array(SlashFacts).max(attempts),
})
export type JobFacts = z.infer<typeof JobFacts>

export const FindingKind = z.enum([
  'waiting',
  'unmatched',
  'failed',
  'gave-up',
  'sampled',
  'unsampled',
  'audited',
  'accepted',
  'rejected',
  'slashed',
  'settled',
  'refund-due',
  'refunded',
  'contradiction',
])
export type FindingKind = z.infer<typeof FindingKind>

/** One thing that happened, or is waited for. Text is for people; programs read the rest. */
export const Finding = z.strictObject({
  kind: FindingKind,
  /** Both absent: the job as a whole. */
  shard: shardSchema.optional(),
  attempt: attemptSchema.optional(),
  what: z.string().max(1000),
  /** Absent when nobody is at fault. */
  blame: z.enum(blames).optional(),
  money: z.string().max(500),
  next: z.string().max(500),
  code: z.enum(errorCodes).optional(),
  verdict: ShardVerdict.optional(),
  numbers: z.record(z.string().max(40), z.union([z.string().max(100), z.number()])),
  /** On whose word: the aggregator's, or proven by signed evidence, by the chain, or by the client's own look. */
  source: z.enum(['aggregator', 'evidence', 'chain', 'client']),
  /** Where it is explained: page and anchor. */
  docs: z.string().max(100),
})
export type Finding = z.infer<typeof Finding>

/** `GET /v1/jobs/:orderId/explain?shard=`. */
export const JobExplanation = z.strictObject({
  view: JobView,
  facts: JobFacts,
  findings: z.array(Finding).max(limits.findings),
  /** Shards left out because there are more; ask for one. */
  left: count,
})
export type JobExplanation = z.infer<typeof JobExplanation>
