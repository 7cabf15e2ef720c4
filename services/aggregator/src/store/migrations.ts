/** Applied in order, each once; never edited after a release. A test compares them with `schema.ts`. */
export const migrations = [
  `CREATE TABLE quotes (
  quote_id TEXT PRIMARY KEY,
  order_id TEXT NOT NULL,
  terms TEXT NOT NULL,
  spec TEXT NOT NULL,
  expires_at_ms INTEGER NOT NULL
);
CREATE TABLE jobs (
  order_id TEXT PRIMARY KEY,
  state TEXT NOT NULL,
  rev INTEGER NOT NULL,
  outcome TEXT,
  client TEXT NOT NULL,
  terms TEXT NOT NULL,
  spec TEXT NOT NULL,
  authorization TEXT,
  cancelled INTEGER NOT NULL,
  settlement TEXT,
  evidence TEXT,
  proof TEXT,
  charged_usdc TEXT,
  refunded_usdc TEXT,
  created_at_ms INTEGER NOT NULL,
  closed_at_ms INTEGER
);
CREATE INDEX jobs_state ON jobs (state);
CREATE INDEX jobs_client ON jobs (client);
CREATE TABLE attempts (
  order_id TEXT NOT NULL,
  shard INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  state TEXT NOT NULL,
  rev INTEGER NOT NULL,
  provider TEXT NOT NULL,
  public_key TEXT NOT NULL,
  price_usdc TEXT NOT NULL,
  lease TEXT NOT NULL,
  offer TEXT NOT NULL,
  acceptance TEXT,
  commit_by_ms INTEGER NOT NULL,
  commitment TEXT,
  commit_json TEXT,
  sealed TEXT,
  epoch TEXT,
  must_audit INTEGER NOT NULL,
  rate_ppm INTEGER,
  verdict TEXT,
  code TEXT,
  blame TEXT,
  detail TEXT,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (order_id, shard, attempt)
);
CREATE INDEX attempts_commitment ON attempts (commitment);
CREATE INDEX attempts_lease ON attempts (lease);
CREATE INDEX attempts_provider ON attempts (provider);
CREATE INDEX attempts_state ON attempts (state);
CREATE TABLE epochs (
  digest TEXT PRIMARY KEY,
  state TEXT NOT NULL,
  quorum_id INTEGER NOT NULL,
  seed_round INTEGER NOT NULL,
  proposal TEXT NOT NULL,
  leaves TEXT NOT NULL,
  acks TEXT NOT NULL,
  beacon TEXT,
  at_ms INTEGER NOT NULL
);
CREATE INDEX epochs_state ON epochs (state);
CREATE TABLE audits (
  commitment TEXT PRIMARY KEY,
  order_id TEXT NOT NULL,
  shard INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  provider TEXT NOT NULL,
  epoch TEXT NOT NULL,
  state TEXT NOT NULL,
  audit TEXT NOT NULL,
  unopened INTEGER NOT NULL,
  verdict TEXT,
  at_ms INTEGER NOT NULL
);
CREATE INDEX audits_order ON audits (order_id);
CREATE INDEX audits_state ON audits (state);
CREATE INDEX audits_provider ON audits (provider);
CREATE TABLE verdicts (
  key TEXT PRIMARY KEY,
  order_id TEXT NOT NULL,
  accused TEXT NOT NULL,
  commitment TEXT NOT NULL,
  state TEXT NOT NULL,
  verdict TEXT NOT NULL,
  signatures TEXT NOT NULL,
  at_ms INTEGER NOT NULL
);
CREATE INDEX verdicts_order ON verdicts (order_id);
CREATE INDEX verdicts_accused ON verdicts (accused);
CREATE TABLE events (
  order_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  event TEXT NOT NULL,
  PRIMARY KEY (order_id, seq)
);
CREATE TABLE transactions (
  key TEXT PRIMARY KEY,
  nonce INTEGER NOT NULL,
  raw TEXT NOT NULL,
  hash TEXT NOT NULL,
  confirmed INTEGER NOT NULL
);`,
  // Before, one row held the one transaction of an effect; targets and calldata of those are in the raw bytes.
  `CREATE TABLE effects (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  key TEXT NOT NULL UNIQUE,
  target TEXT NOT NULL,
  data TEXT NOT NULL,
  state TEXT NOT NULL,
  mined TEXT
);
CREATE INDEX effects_state ON effects (state);
CREATE TABLE signed_transactions (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  key TEXT NOT NULL,
  nonce INTEGER NOT NULL,
  raw TEXT NOT NULL,
  hash TEXT NOT NULL
);
CREATE INDEX signed_transactions_key ON signed_transactions (key);
INSERT INTO effects (key, target, data, state, mined)
SELECT key, '0x', '0x', CASE confirmed WHEN 1 THEN 'confirmed' ELSE 'signed' END, CASE confirmed WHEN 1 THEN hash END
FROM transactions ORDER BY nonce;
INSERT INTO signed_transactions (key, nonce, raw, hash) SELECT key, nonce, raw, hash FROM transactions ORDER BY nonce;
DROP TABLE transactions;`,
  `CREATE TABLE certifications (
  order_id TEXT PRIMARY KEY,
  state TEXT NOT NULL,
  terms TEXT NOT NULL,
  spec TEXT NOT NULL,
  request TEXT NOT NULL,
  commits TEXT NOT NULL,
  answers TEXT NOT NULL,
  body TEXT,
  error TEXT,
  deadline_ms INTEGER NOT NULL,
  at_ms INTEGER NOT NULL
);
CREATE INDEX certifications_state ON certifications (state);
CREATE TABLE certificates (
  id TEXT PRIMARY KEY,
  image TEXT NOT NULL,
  template TEXT NOT NULL,
  determinism TEXT NOT NULL,
  issued_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  certificate TEXT NOT NULL,
  contradicted_by TEXT,
  revocation TEXT
);
CREATE INDEX certificates_program ON certificates (image, template);`,
  // Verdicts on validators, when each is due, and the bundle of each verdict that was signed.
  `ALTER TABLE verdicts ADD COLUMN outcome INTEGER NOT NULL DEFAULT 1;
ALTER TABLE verdicts ADD COLUMN due_at_ms INTEGER NOT NULL DEFAULT 0;
CREATE TABLE bundles (
  id TEXT PRIMARY KEY,
  verdict_key TEXT NOT NULL,
  order_id TEXT NOT NULL,
  bundle TEXT NOT NULL,
  at_ms INTEGER NOT NULL
);
CREATE INDEX bundles_order ON bundles (order_id);
CREATE INDEX bundles_verdict ON bundles (verdict_key);
CREATE TABLE fault_proofs (
  verdict_id TEXT PRIMARY KEY,
  proof TEXT NOT NULL,
  state TEXT NOT NULL,
  at_ms INTEGER NOT NULL
);
CREATE TABLE signed_settlements (
  order_id TEXT NOT NULL,
  validator TEXT NOT NULL,
  settlement TEXT NOT NULL,
  PRIMARY KEY (order_id, validator)
);`,
  'ALTER TABLE audits ADD COLUMN late INTEGER NOT NULL DEFAULT 0;',
  `ALTER TABLE attempts ADD COLUMN executing_at_ms INTEGER;
ALTER TABLE attempts ADD COLUMN run_ms INTEGER;`,
  `CREATE TABLE unmatched (
  order_id TEXT NOT NULL,
  shard INTEGER NOT NULL,
  match TEXT NOT NULL,
  PRIMARY KEY (order_id, shard)
);`,
  'ALTER TABLE jobs ADD COLUMN acceptance TEXT;',
  'ALTER TABLE attempts ADD COLUMN failed_proposals INTEGER NOT NULL DEFAULT 0;',
] as const
