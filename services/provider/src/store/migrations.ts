/** Applied in order, each once; never edited after a release. A test compares them with `schema.ts`. */
export const migrations = [
  `CREATE TABLE orders (
  order_id TEXT PRIMARY KEY,
  terms TEXT NOT NULL,
  spec TEXT NOT NULL,
  refund_at_ms INTEGER NOT NULL
);
CREATE TABLE attempts (
  lease TEXT PRIMARY KEY,
  order_id TEXT NOT NULL REFERENCES orders (order_id),
  shard INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  aggregator_key TEXT NOT NULL,
  offer TEXT NOT NULL,
  acceptance TEXT NOT NULL,
  commit_by_ms INTEGER NOT NULL,
  state TEXT NOT NULL,
  rev INTEGER NOT NULL,
  opening TEXT,
  commit_json TEXT,
  commitment TEXT,
  sealed TEXT,
  failure TEXT,
  opened_at_ms INTEGER,
  at_ms INTEGER NOT NULL
);
CREATE UNIQUE INDEX attempts_key ON attempts (order_id, shard, attempt);
CREATE INDEX attempts_commitment ON attempts (commitment);
CREATE INDEX attempts_state ON attempts (state);
CREATE TABLE counters (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
);`,
  'ALTER TABLE attempts ADD COLUMN held_at_ms INTEGER;',
] as const
