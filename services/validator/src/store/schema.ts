/** Tables of the validator. JSON columns hold wire shapes and are parsed by their schemas when read. */
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** Orders that were introduced and checked on chain. */
export const orders = sqliteTable('orders', {
  orderId: text('order_id').primaryKey(),
  terms: text('terms').notNull(),
  spec: text('spec').notNull(),
  refundAtMs: integer('refund_at_ms').notNull(),
})

/** Epochs that this validator acknowledged, with all leaves: audits and verdicts are judged from them. */
export const proposals = sqliteTable('proposals', {
  digest: text('digest').primaryKey(),
  proposal: text('proposal').notNull(),
  leaves: text('leaves').notNull(),
  /** Newest beacon round when the epoch arrived; what the acknowledgement says. */
  seenRound: integer('seen_round').notNull(),
  /** Whether it came before its seed. */
  acknowledged: integer('acknowledged', { mode: 'boolean' }).notNull(),
  /** When the last of its orders becomes refundable. */
  refundAtMs: integer('refund_at_ms').notNull(),
})

/** Every commit of every acknowledged epoch: a second epoch, or a second commit, meets the first here. */
export const commits = sqliteTable(
  'commits',
  {
    commitment: text('commitment').notNull(),
    proposal: text('proposal').notNull(),
    orderId: text('order_id').notNull(),
    shard: integer('shard').notNull(),
    attempt: integer('attempt').notNull(),
    commit: text('commit_json').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.commitment, table.proposal] }),
    index('commits_attempt').on(table.orderId, table.shard, table.attempt),
  ],
)

/** This validator's own results: written before anyone hears of them, shown once all seats have committed. */
export const audits = sqliteTable(
  'audits',
  {
    commitment: text('commitment').notNull(),
    round: integer('round').notNull(),
    orderId: text('order_id').notNull(),
    proposal: text('proposal').notNull(),
    beacon: text('beacon').notNull(),
    excluded: text('excluded').notNull(),
    opening: text('opening').notNull(),
    attested: integer('attested', { mode: 'boolean' }).notNull(),
    atMs: integer('at_ms').notNull(),
  },
  (table) => [primaryKey({ columns: [table.commitment, table.round] }), index('audits_order').on(table.orderId)],
)

/** What was signed for each order: never anything else again. */
export const settlements = sqliteTable('settlements', {
  orderId: text('order_id').primaryKey(),
  /** Hash of everything the order pays and to whom. */
  content: text('content').notNull(),
  /** Digest of the batch in which it was first signed. */
  batch: text('batch').notNull(),
  /** Commitments of the shards it pays for. */
  accepted: text('accepted').notNull(),
  atMs: integer('at_ms').notNull(),
})

/** Verdicts that were signed. */
export const verdicts = sqliteTable(
  'verdicts',
  {
    commitment: text('commitment').primaryKey(),
    orderId: text('order_id').notNull(),
    /** Hash of the verdict without its amount. */
    content: text('content').notNull(),
    verdict: text('verdict').notNull(),
    atMs: integer('at_ms').notNull(),
  },
  (table) => [index('verdicts_order').on(table.orderId)],
)

/** Verdicts on other validators that were signed. */
export const validatorVerdicts = sqliteTable(
  'validator_verdicts',
  {
    commitment: text('commitment').notNull(),
    accused: text('accused').notNull(),
    orderId: text('order_id').notNull(),
    /** Hash of the verdict without its amount. */
    content: text('content').notNull(),
    verdict: text('verdict').notNull(),
    atMs: integer('at_ms').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.commitment, table.accused] }),
    index('validator_verdicts_order').on(table.orderId),
  ],
)

/** Verdicts on providers that were signed: they outlive their order, since they bind what else the provider has open. */
export const convictions = sqliteTable(
  'convictions',
  {
    verdictId: text('verdict_id').primaryKey(),
    provider: text('provider').notNull(),
    atMs: integer('at_ms').notNull(),
  },
  (table) => [index('convictions_provider').on(table.provider)],
)

/** The first audit commit of each other seat that was shown here: another one would be a fault. */
export const seenAudits = sqliteTable(
  'seen_audits',
  {
    commitment: text('commitment').notNull(),
    round: integer('round').notNull(),
    validator: text('validator').notNull(),
    orderId: text('order_id').notNull(),
    audit: text('audit').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.commitment, table.round, table.validator] }),
    index('seen_audits_order').on(table.orderId),
  ],
)

/** Two statements of one operator that convict it, on their way to the chain. */
export const faultProofs = sqliteTable('fault_proofs', {
  verdictId: text('verdict_id').primaryKey(),
  proof: text('proof').notNull(),
  /** found, then proven, or late when the chain takes it no more. */
  state: text('state').notNull(),
  atMs: integer('at_ms').notNull(),
})

/** Audited commits that were counted into `passes`, so that each counts once. */
export const counted = sqliteTable(
  'counted',
  {
    commitment: text('commitment').primaryKey(),
    orderId: text('order_id').notNull(),
  },
  (table) => [index('counted_order').on(table.orderId)],
)

/** k: audited passes in a row, by provider and class. */
export const passes = sqliteTable(
  'passes',
  {
    provider: text('provider').notNull(),
    determinism: text('determinism').notNull(),
    passes: integer('passes').notNull(),
  },
  (table) => [primaryKey({ columns: [table.provider, table.determinism] })],
)

/** What providers said of their own commits: a settlement that leaves a claimed one out is not signed. */
export const claims = sqliteTable(
  'claims',
  {
    commitment: text('commitment').primaryKey(),
    orderId: text('order_id').notNull(),
    provider: text('provider').notNull(),
    aggregator: text('aggregator').notNull(),
    commit: text('commit_json').notNull(),
    envelope: text('envelope').notNull(),
    sealedRoot: text('sealed_root').notNull(),
    sealedBytes: integer('sealed_bytes').notNull(),
    retracted: integer('retracted', { mode: 'boolean' }).notNull(),
    refundAtMs: integer('refund_at_ms').notNull(),
  },
  (table) => [index('claims_order').on(table.orderId), index('claims_sealed').on(table.sealedRoot)],
)

export const counters = sqliteTable('counters', {
  name: text('name').primaryKey(),
  value: integer('value').notNull(),
})

/** This validator's own answers about samples: written before anyone hears of them; and the certificate signed on each. */
export const gates = sqliteTable(
  'gates',
  {
    orderId: text('order_id').primaryKey(),
    client: text('client').notNull(),
    aggregator: text('aggregator').notNull(),
    subject: text('subject').notNull(),
    answer: text('answer').notNull(),
    certificate: text('certificate'),
    atMs: integer('at_ms').notNull(),
  },
  (table) => [index('gates_at').on(table.atMs)],
)

/** Certificates that this validator took back, with the program each spoke of. */
export const revocations = sqliteTable(
  'revocations',
  {
    certificate: text('certificate').primaryKey(),
    /** Canonical text of the program. */
    program: text('program').notNull(),
    body: text('body').notNull(),
    atMs: integer('at_ms').notNull(),
  },
  (table) => [index('revocations_program').on(table.program)],
)
