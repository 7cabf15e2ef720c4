/** Tables of the aggregator. JSON columns hold wire shapes and are parsed by their schemas when read. */
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const quotes = sqliteTable('quotes', {
  quoteId: text('quote_id').primaryKey(),
  orderId: text('order_id').notNull(),
  terms: text('terms').notNull(),
  spec: text('spec').notNull(),
  expiresAtMs: integer('expires_at_ms').notNull(),
})

export const jobs = sqliteTable(
  'jobs',
  {
    orderId: text('order_id').primaryKey(),
    state: text('state').notNull(),
    rev: integer('rev').notNull(),
    outcome: text('outcome'),
    client: text('client').notNull(),
    terms: text('terms').notNull(),
    spec: text('spec').notNull(),
    /** EIP-3009 authorisation that funds the order. */
    authorization: text('authorization'),
    cancelled: integer('cancelled', { mode: 'boolean' }).notNull(),
    /** Settlement to be signed and sent; written before any validator sees it. */
    settlement: text('settlement'),
    evidence: text('evidence'),
    proof: text('proof'),
    /** What the client of class DX signed. */
    acceptance: text('acceptance'),
    chargedUsdc: text('charged_usdc'),
    refundedUsdc: text('refunded_usdc'),
    createdAtMs: integer('created_at_ms').notNull(),
    closedAtMs: integer('closed_at_ms'),
  },
  (table) => [index('jobs_state').on(table.state), index('jobs_client').on(table.client)],
)

export const attempts = sqliteTable(
  'attempts',
  {
    orderId: text('order_id').notNull(),
    shard: integer('shard').notNull(),
    attempt: integer('attempt').notNull(),
    state: text('state').notNull(),
    rev: integer('rev').notNull(),
    provider: text('provider').notNull(),
    publicKey: text('public_key').notNull(),
    priceUsdc: text('price_usdc').notNull(),
    lease: text('lease').notNull(),
    offer: text('offer').notNull(),
    acceptance: text('acceptance'),
    commitByMs: integer('commit_by_ms').notNull(),
    commitment: text('commitment'),
    commit: text('commit_json'),
    sealed: text('sealed'),
    /** Digest of the proposal that holds the commit; null while it waits for an epoch. */
    epoch: text('epoch'),
    /** An earlier proposal of this commit found no quorum, so it must be audited. */
    mustAudit: integer('must_audit', { mode: 'boolean' }).notNull(),
    /** Proposals of this commit that found no quorum, although some member may have acknowledged them. */
    failedProposals: integer('failed_proposals').notNull().default(0),
    executingAtMs: integer('executing_at_ms'),
    runMs: integer('run_ms'),
    ratePpm: integer('rate_ppm'),
    verdict: text('verdict'),
    code: text('code'),
    blame: text('blame'),
    detail: text('detail'),
    atMs: integer('at_ms').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.orderId, table.shard, table.attempt] }),
    index('attempts_commitment').on(table.commitment),
    index('attempts_lease').on(table.lease),
    index('attempts_provider').on(table.provider),
    index('attempts_state').on(table.state),
  ],
)

export const epochs = sqliteTable(
  'epochs',
  {
    digest: text('digest').primaryKey(),
    state: text('state').notNull(),
    quorumId: integer('quorum_id').notNull(),
    seedRound: integer('seed_round').notNull(),
    proposal: text('proposal').notNull(),
    leaves: text('leaves').notNull(),
    acks: text('acks').notNull(),
    beacon: text('beacon'),
    atMs: integer('at_ms').notNull(),
  },
  (table) => [index('epochs_state').on(table.state)],
)

export const audits = sqliteTable(
  'audits',
  {
    commitment: text('commitment').primaryKey(),
    orderId: text('order_id').notNull(),
    shard: integer('shard').notNull(),
    attempt: integer('attempt').notNull(),
    provider: text('provider').notNull(),
    epoch: text('epoch').notNull(),
    state: text('state').notNull(),
    audit: text('audit').notNull(),
    /** The provider did not open when asked; stays so. */
    unopened: integer('unopened', { mode: 'boolean' }).notNull(),
    verdict: text('verdict'),
    late: integer('late', { mode: 'boolean' }).notNull(),
    atMs: integer('at_ms').notNull(),
  },
  (table) => [
    index('audits_order').on(table.orderId),
    index('audits_state').on(table.state),
    index('audits_provider').on(table.provider),
  ],
)

export const verdicts = sqliteTable(
  'verdicts',
  {
    key: text('key').primaryKey(),
    orderId: text('order_id').notNull(),
    accused: text('accused').notNull(),
    commitment: text('commitment').notNull(),
    state: text('state').notNull(),
    verdict: text('verdict').notNull(),
    signatures: text('signatures').notNull(),
    atMs: integer('at_ms').notNull(),
    outcome: integer('outcome').notNull().default(1),
    /** Nothing is done about it before. */
    dueAtMs: integer('due_at_ms').notNull().default(0),
  },
  (table) => [index('verdicts_order').on(table.orderId), index('verdicts_accused').on(table.accused)],
)

/** Everything that a third party needs to judge a signed verdict, by its name. Appeals make another bundle of the same verdict. */
export const bundles = sqliteTable(
  'bundles',
  {
    id: text('id').primaryKey(),
    verdictKey: text('verdict_key').notNull(),
    orderId: text('order_id').notNull(),
    bundle: text('bundle').notNull(),
    atMs: integer('at_ms').notNull(),
  },
  (table) => [index('bundles_order').on(table.orderId), index('bundles_verdict').on(table.verdictKey)],
)

/** Two statements of one operator that convict it, on their way to the chain. */
export const faultProofs = sqliteTable('fault_proofs', {
  verdictId: text('verdict_id').primaryKey(),
  proof: text('proof').notNull(),
  /** found, then proven, or late when the chain takes it no more. */
  state: text('state').notNull(),
  atMs: integer('at_ms').notNull(),
})

/** The first settlement of an order that each member signed: another one would be a fault. */
export const signedSettlements = sqliteTable(
  'signed_settlements',
  {
    orderId: text('order_id').notNull(),
    validator: text('validator').notNull(),
    settlement: text('settlement').notNull(),
  },
  (table) => [primaryKey({ columns: [table.orderId, table.validator] })],
)

export const events = sqliteTable(
  'events',
  {
    orderId: text('order_id').notNull(),
    seq: integer('seq').notNull(),
    event: text('event').notNull(),
  },
  (table) => [primaryKey({ columns: [table.orderId, table.seq] })],
)

/** Why shards that no provider took were passed over, as it was when they were given up. */
export const unmatched = sqliteTable(
  'unmatched',
  {
    orderId: text('order_id').notNull(),
    shard: integer('shard').notNull(),
    match: text('match').notNull(),
  },
  (table) => [primaryKey({ columns: [table.orderId, table.shard] })],
)

/** What the hot wallet is to do, did or failed to do, once each. */
export const effects = sqliteTable(
  'effects',
  {
    seq: integer('seq').primaryKey({ autoIncrement: true }),
    key: text('key').notNull().unique(),
    target: text('target').notNull(),
    data: text('data').notNull(),
    state: text('state').notNull(),
    mined: text('mined'),
  },
  (table) => [index('effects_state').on(table.state)],
)

/** Every transaction that was signed for an effect. */
export const signedTransactions = sqliteTable(
  'signed_transactions',
  {
    seq: integer('seq').primaryKey({ autoIncrement: true }),
    key: text('key').notNull(),
    nonce: integer('nonce').notNull(),
    raw: text('raw').notNull(),
    hash: text('hash').notNull(),
  },
  (table) => [index('signed_transactions_key').on(table.key)],
)

/** Jobs that are to be certified, from the client's request to the certificate or the refusal. */
export const certifications = sqliteTable(
  'certifications',
  {
    orderId: text('order_id').primaryKey(),
    state: text('state').notNull(),
    terms: text('terms').notNull(),
    spec: text('spec').notNull(),
    request: text('request').notNull(),
    commits: text('commits').notNull(),
    answers: text('answers').notNull(),
    /** Certificate to be signed; written before any validator sees it. */
    body: text('body'),
    error: text('error'),
    deadlineMs: integer('deadline_ms').notNull(),
    atMs: integer('at_ms').notNull(),
  },
  (table) => [index('certifications_state').on(table.state)],
)

export const certificates = sqliteTable(
  'certificates',
  {
    id: text('id').primaryKey(),
    image: text('image').notNull(),
    template: text('template').notNull(),
    determinism: text('determinism').notNull(),
    issuedAtMs: integer('issued_at_ms').notNull(),
    expiresAtMs: integer('expires_at_ms').notNull(),
    certificate: text('certificate').notNull(),
    /** Commitment whose audit found no reproducible result. */
    contradictedBy: text('contradicted_by'),
    revocation: text('revocation'),
  },
  (table) => [index('certificates_program').on(table.image, table.template)],
)
