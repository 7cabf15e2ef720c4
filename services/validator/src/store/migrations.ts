/** Applied in order, each once; never edited after a release. A test compares them with `schema.ts`. */
export const migrations = [
  `CREATE TABLE orders (
  order_id TEXT PRIMARY KEY,
  terms TEXT NOT NULL,
  spec TEXT NOT NULL,
  refund_at_ms INTEGER NOT NULL
);
CREATE TABLE proposals (
  digest TEXT PRIMARY KEY,
  proposal TEXT NOT NULL,
  leaves TEXT NOT NULL,
  seen_round INTEGER NOT NULL,
  refund_at_ms INTEGER NOT NULL
);
CREATE TABLE commits (
  commitment TEXT NOT NULL,
  proposal TEXT NOT NULL,
  order_id TEXT NOT NULL,
  shard INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  commit_json TEXT NOT NULL,
  PRIMARY KEY (commitment, proposal)
);
CREATE INDEX commits_attempt ON commits (order_id, shard, attempt);
CREATE TABLE audits (
  commitment TEXT NOT NULL,
  round INTEGER NOT NULL,
  order_id TEXT NOT NULL,
  proposal TEXT NOT NULL,
  beacon TEXT NOT NULL,
  excluded TEXT NOT NULL,
  opening TEXT NOT NULL,
  attested INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (commitment, round)
);
CREATE INDEX audits_order ON audits (order_id);
CREATE TABLE settlements (
  order_id TEXT PRIMARY KEY,
  content TEXT NOT NULL,
  batch TEXT NOT NULL,
  accepted TEXT NOT NULL,
  at_ms INTEGER NOT NULL
);
CREATE TABLE verdicts (
  commitment TEXT PRIMARY KEY,
  order_id TEXT NOT NULL,
  content TEXT NOT NULL,
  verdict TEXT NOT NULL,
  at_ms INTEGER NOT NULL
);
CREATE INDEX verdicts_order ON verdicts (order_id);
CREATE TABLE counted (
  commitment TEXT PRIMARY KEY,
  order_id TEXT NOT NULL
);
CREATE INDEX counted_order ON counted (order_id);
CREATE TABLE passes (
  provider TEXT NOT NULL,
  determinism TEXT NOT NULL,
  passes INTEGER NOT NULL,
  PRIMARY KEY (provider, determinism)
);
CREATE TABLE counters (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
);`,
  `CREATE TABLE gates (
  order_id TEXT PRIMARY KEY,
  client TEXT NOT NULL,
  aggregator TEXT NOT NULL,
  subject TEXT NOT NULL,
  answer TEXT NOT NULL,
  certificate TEXT,
  at_ms INTEGER NOT NULL
);
CREATE INDEX gates_at ON gates (at_ms);
CREATE TABLE revocations (
  certificate TEXT PRIMARY KEY,
  program TEXT NOT NULL,
  body TEXT NOT NULL,
  at_ms INTEGER NOT NULL
);
CREATE INDEX revocations_program ON revocations (program);`,
  `CREATE TABLE validator_verdicts (
  commitment TEXT NOT NULL,
  accused TEXT NOT NULL,
  order_id TEXT NOT NULL,
  content TEXT NOT NULL,
  verdict TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (commitment, accused)
);
CREATE INDEX validator_verdicts_order ON validator_verdicts (order_id);
CREATE TABLE convictions (
  verdict_id TEXT PRIMARY KEY,
  provider TEXT NOT NULL,
  at_ms INTEGER NOT NULL
);
CREATE INDEX convictions_provider ON convictions (provider);
CREATE TABLE seen_audits (
  commitment TEXT NOT NULL,
  round INTEGER NOT NULL,
  validator TEXT NOT NULL,
  order_id TEXT NOT NULL,
  audit TEXT NOT NULL,
  PRIMARY KEY (commitment, round, validator)
);
CREATE INDEX seen_audits_order ON seen_audits (order_id);
CREATE TABLE fault_proofs (
  verdict_id TEXT PRIMARY KEY,
  proof TEXT NOT NULL,
  state TEXT NOT NULL,
  at_ms INTEGER NOT NULL
);`,
  `CREATE TABLE claims (
  commitment TEXT PRIMARY KEY,
  order_id TEXT NOT NULL,
  provider TEXT NOT NULL,
  aggregator TEXT NOT NULL,
  commit_json TEXT NOT NULL,
  envelope TEXT NOT NULL,
  sealed_root TEXT NOT NULL,
  sealed_bytes INTEGER NOT NULL,
  retracted INTEGER NOT NULL,
  refund_at_ms INTEGER NOT NULL
);
CREATE INDEX claims_order ON claims (order_id);
CREATE INDEX claims_sealed ON claims (sealed_root);`,
  'ALTER TABLE proposals ADD COLUMN acknowledged INTEGER NOT NULL DEFAULT 1;',
] as const
