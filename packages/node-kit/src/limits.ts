/** Bounds of the node kit, each with the reason for its number. */
export const limits = {
  /** `setTimeout` fires at once above 2^31 - 1 ms; a day keeps clear of it and of clock drift. */
  timerMs: 24 * 60 * 60 * 1000,

  /** One text in a log line: an error with its stack fits, a payload does not. */
  logTextChars: 4096,
  /** Nesting of a log line: a wrapped error with details needs five. */
  logDepth: 8,
  /** Fields of an object and items of a list in a log line. */
  logItems: 64,

  /** A keystore file is about 500 bytes; anything large is not one. */
  keystoreBytes: 64 * 1024,
  /** scrypt cost 2^18 with r = 8, p = 1, as Ethereum clients write: 256 MiB and about a second for each guess. */
  scryptLogN: 18,
  /** Most memory a keystore file may make us use: four times the usual. */
  scryptMemoryBytes: 1024 * 1024 * 1024,
  /** Most PBKDF2 rounds a file may make us do: ten times the usual. */
  pbkdf2Rounds: 2_621_440,
  /** Shorter passphrases are guessed even behind scrypt. */
  passphraseChars: 8,

  /** A configuration file is written by hand. */
  configBytes: 1024 * 1024,

  /** How long a statement waits for a lock: only a backup or a shell can hold one, as the process lock excludes other writers. */
  databaseBusyMs: 5000,

  /** Effects of one dispatcher under way at once: they wait on the network, so more than cores, and one nonce owner gains nothing past this. */
  outboxConcurrency: 8,
  /** A claim without renewal: longer than any pause of the process short of suspension, short enough to take over soon. */
  outboxLeaseMs: 30_000,
  /** First pause after a failed effect: most faults are a lost connection, back within a second. */
  outboxRetryMs: 1000,
  /** Longest pause between attempts: an outage of an RPC ends unnoticed for at most this long. */
  outboxRetryMaxMs: 5 * 60 * 1000,
  /** Attempts before a person is called: about an hour with the pauses above. */
  outboxAttempts: 20,
  /** Longest sleep of an idle dispatcher: bounds what a clock set backwards can delay. */
  outboxIdleMs: 60_000,
  /** How long `close` waits for handlers that do not heed their signal; their rows are taken over after a restart. */
  outboxCloseMs: 30_000,
  /** Done rows stay this long, to answer "was it done, and when"; an effect repeated later is refused by its own idempotency. */
  outboxKeepMs: 30 * 24 * 60 * 60 * 1000,
  /** How often done rows past their time are deleted. */
  outboxPruneMs: 60 * 60 * 1000,
  /** Canonical JSON of one payload: names and amounts; bulk data belongs in the blob store. */
  outboxPayloadChars: 1024 * 1024,
  /** Kept of an error's text: people read the first lines, programs read the log. */
  outboxErrorChars: 500,
} as const
