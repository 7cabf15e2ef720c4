/** Bounds of the SDK, each with the reason for its number. */
export const limits = {
  /** One request and its JSON answer: an aggregator answers in well under a second; a big spec takes a slow uplink. */
  requestMs: 60_000,
  /** Silence on a stream before it is opened again: servers send a sign of life every few seconds. */
  stallMs: 45_000,
  /** One JSON answer: a receipt holds the evidence of a whole job (one frame) and an opening per shard. */
  answerBytes: 64 * 1024 * 1024,
  /** An error answer: a short body, whatever a proxy puts around it. */
  errorBytes: 64 * 1024,
  /** One server-sent event: a `JobEvent` is under 1 KiB. */
  eventBytes: 64 * 1024,
  /** Tries of one call that did not get through; with the pauses about 4 s, enough for a restart behind a proxy. */
  callTries: 4,
  /** Tries in a row of a stream that brought nothing: with the pauses about a minute, a restart of the aggregator. */
  streamTries: 10,
  /** First pause before a repetition. Doubles each time. */
  firstPauseMs: 250,
  /** Longest pause between repetitions: a restarted aggregator is found again within seconds. */
  maxPauseMs: 10_000,
  /** Files hashed, and blobs uploaded, at the same time: keeps a link and four cores busy at 1 MiB of memory each. */
  transfers: 4,
  /** Uploads up to this size leave as one buffer: with a length, and from browsers that cannot stream a request. */
  bufferedUploadBytes: 512 * 1024,
  /** Slowest link that an upload without visible progress is waited for: a bad mobile connection. */
  uploadBytesPerS: 16 * 1024,
  /** Least pause between two reads of a job's full state: it can be megabytes, and shards are verified in groups. */
  stateIntervalMs: 1000,
  /** A connection that stayed open this long counts as alive, however little it brought: quiet jobs have long shards. */
  aliveMs: 5_000,
  /** Life of a payment authorisation after its quote expires: time to get a transaction into a block. */
  authorizationSlackS: 600,
  /** Pause between two looks whether a transfer has arrived: a block or two. */
  transferPollMs: 3_000,
  /** Pause between two looks at a certification: each member runs the sample twice, seconds at least. */
  certifyPollMs: 1_000,
  /** Quotes asked for one job: uploads that outlive three quotes need a faster link or a longer quote. */
  quoteRounds: 3,
  /** Longest that money may be locked, unless the caller says otherwise: five attempts of the longest shard and their audits. */
  lockMs: 3 * 24 * 60 * 60 * 1000,
  /** How long to wait after `refundAt` for the aggregator to close the job: chain time and ours differ a little. */
  closeGraceMs: 60_000,
  /** Longest single timer: engines hold the delay in 31 bits. */
  maxTimerMs: 24 * 60 * 60 * 1000,
  /** Default of `collectFiles`: what a page or a script can hold without thinking. */
  collectBytes: 64 * 1024 * 1024,
  /** A stored job: its spec and 64 KiB for the rest. */
  storedJobBytes: 4 * 1024 * 1024 + 64 * 1024,
} as const
