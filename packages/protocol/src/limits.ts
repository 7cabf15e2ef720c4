/** A bound on everything that crosses the wire, each with the reason for its number. */
export const limits = {
  /** Shards of one job: their evidence fits one frame and their spec stays under 4 MiB. */
  shardsPerJob: 2048,
  /** Canonical bytes of a job spec: fits one frame. */
  specBytes: 4 * 1024 * 1024,
  /** One frame on a stream: a spec, an epoch with all its leaves, or the evidence of a whole job. */
  frameBytes: 16 * 1024 * 1024,
  /** Command-line words of a shard, template included: the kernel's own limit is far above. */
  commandWords: 256,
  /** One command-line word or environment value: the kernel refuses more than 128 KiB a word. */
  wordBytes: 32 * 1024,
  /** Environment variables a job may set. */
  envVariables: 64,
  /** Input files of one shard, shared ones included. */
  inputsPerShard: 1024,
  /** One input blob: keeps a provider's disk from being filled by one job. */
  inputBytes: 8 * 1024 * 1024 * 1024,
  /** A path inside a tree, in UTF-8: the usual PATH_MAX less room for the mount point. */
  pathBytes: 1024,
  /** Directory levels of a path: deeper trees break common tools. */
  pathDepth: 64,
  /** Entries of one result: 10^6-file attacks stop here. */
  manifestEntries: 100_000,
  /** Text of one manifest: entries times a typical line. */
  manifestBytes: 16 * 1024 * 1024,
  /** Time limit of one shard: longer work should be cut into checkpoints. */
  shardTimeMs: 60 * 60 * 1000,
  /** Result of one shard, before sealing. */
  outputBytes: 4 * 1024 * 1024 * 1024,
  /** Captured standard output of one shard. */
  stdoutBytes: 16 * 1024 * 1024,
  /** Validators of a quorum: signatures are checked one by one on chain. */
  quorumMembers: 64,
  /** Audit commits of one appeal: a panel of 31 and its two alternates. */
  benchSeats: 33,
  /** Attempts of one shard: different providers, then the shard is refunded. */
  attemptsPerShard: 5,
  /** Life of a certificate: libraries and processors of a market change within months, so its word is asked for anew. */
  certificateLifeMs: 30 * 24 * 60 * 60 * 1000,
  /** Differences that a validator tells of a job that is not reproducible: the first ones explain the rest. */
  gateDifferences: 8,
  /** Relations named in an epoch: sixty-four members, and as many related parties each. */
  relatedPairs: 4096,
  /** Challenges of one commit: the first makes its audit due, the second calls a panel. */
  challengesPerAudit: 2,
  /** Counter-commits in one message: a provider with more sends more messages. */
  countersAtOnce: 16,
  /** Life of an advert: a stale price or address disappears within this time. */
  advertLifeMs: 10 * 60 * 1000,
  /** Multiaddrs in an advert: a few interfaces, relays and both address families. */
  advertAddresses: 16,
  /** Capability keys of an advert. */
  advertCapabilities: 32,
  /** Groups of providers in a quote: enough to see the spread, few enough to read. */
  quoteBands: 16,
  /** Findings of one explanation: some 600 bytes each, so that an answer stays below 2 MiB. */
  findings: 3000,
  /** Characters of a hardware class key: vendor, model and a dozen flags take half of it. */
  hardwareClassChars: 256,
  /** Hardware classes of an advert: a node has one, a cluster behind one key a few. */
  advertHardwareClasses: 8,
  /** Characters of a limit of a tolerance: all digits that a double can tell apart. */
  toleranceChars: 32,
  /** Rules of a tolerance: one for each kind of file and some named ones. */
  toleranceRules: 64,
  /** Results shown to a seat: those of five rounds of sixteen, and the provider's. */
  agreementRoots: 81,
  /** Results that are compared by their numbers are read whole, two at a time. */
  toleranceOutputBytes: 64 * 1024 * 1024,
} as const

/** Bounds of what a process remembers; nothing of it crosses the wire. */
export const memoryLimits = {
  /** Recovered signers, some 500 bytes each: the signatures of two of the largest jobs. */
  signers: 8192,
  /** Domain separators: a process serves one market, a test some more. */
  markets: 64,
  /** Verified beacon rounds: those of every epoch that can still be settled. */
  rounds: 1024,
} as const
