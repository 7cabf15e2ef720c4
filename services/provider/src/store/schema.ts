/** Tables of the provider. JSON columns hold wire shapes and are parsed by their schemas when read. */
import { index, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'

/** Terms and spec once an order, however many of its shards run here. */
export const orders = sqliteTable('orders', {
  orderId: text('order_id').primaryKey(),
  terms: text('terms').notNull(),
  spec: text('spec').notNull(),
  refundAtMs: integer('refund_at_ms').notNull(),
})

export const attempts = sqliteTable(
  'attempts',
  {
    lease: text('lease').primaryKey(),
    orderId: text('order_id').notNull(),
    shard: integer('shard').notNull(),
    attempt: integer('attempt').notNull(),
    aggregatorKey: text('aggregator_key').notNull(),
    offer: text('offer').notNull(),
    acceptance: text('acceptance').notNull(),
    commitByMs: integer('commit_by_ms').notNull(),
    state: text('state').notNull(),
    rev: integer('rev').notNull(),
    /** Root and salt; written in the same step as the signed commit, before it leaves. */
    opening: text('opening'),
    commit: text('commit_json'),
    commitment: text('commitment'),
    sealed: text('sealed'),
    failure: text('failure'),
    openedAtMs: integer('opened_at_ms'),
    heldAtMs: integer('held_at_ms'),
    atMs: integer('at_ms').notNull(),
  },
  (table) => [
    // One commit for one attempt, whatever leases an aggregator signs: two would convict this provider.
    uniqueIndex('attempts_key').on(table.orderId, table.shard, table.attempt),
    index('attempts_commitment').on(table.commitment),
    index('attempts_state').on(table.state),
  ],
)

export const counters = sqliteTable('counters', {
  name: text('name').primaryKey(),
  value: integer('value').notNull(),
})
