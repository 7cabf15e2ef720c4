/** Bounds of the blob store and its transfer, each with the reason for its number. */
export const blobLimits = {
  /** One read from disk and one piece handed to a reader: a chunk. */
  readBytes: 1024 * 1024,
  /** Copies left unfinished by a broken transfer that are kept to go on with: more than run at once. */
  partials: 64,
  /** Transfers served at once over all peers, either way: each holds a few chunks in memory. */
  transfers: 64,
  /** Silence after which a transfer is given up: a chunk at modem speed. */
  silenceMs: 60_000,
  /** Time for the other side to end its stream when everything has been said: a few round trips. */
  farewellMs: 2_000,
  /** Characters of a push ticket: an id or a short token. */
  ticketChars: 1024,
  /** Chunks of one blob: the largest input. Larger results do not exist. */
  chunks: 8192,
} as const
