import { assertBug, encodeError, type Hash32, type MarketError } from '@assay/protocol'
import type { ProviderContext } from '../context.ts'
import type { AttemptPatch, AttemptRow } from '../store/records.ts'

/** Writes an attempt's next state and wakes whoever follows it. Throws `state-conflict` when it moved meanwhile. */
export function moveAttempt(context: ProviderContext, lease: Hash32, patch: Omit<AttemptPatch, 'atMs'>): AttemptRow {
  const { store, clock, board, log } = context
  const row = store.attempt(lease)
  assertBug(row !== undefined, 'a running attempt is in the store')
  const moved = store.updateAttempt(row, { ...patch, atMs: clock.now() })
  // Whoever hears of a commit may offer the next shard at once: the slot is free by then.
  if (moved.state === 'committed') board.free(lease)
  board.tell(lease)
  const { orderId, shard, attempt, state } = moved
  log.info({ lease, orderId, shard, attempt, state }, 'attempt.advanced')
  return moved
}

/** Ends an attempt without a commit, and says why to whoever follows it. */
export function failAttempt(context: ProviderContext, lease: Hash32, error: MarketError): void {
  const { store, clock, board, log } = context
  const row = store.attempt(lease)
  assertBug(row !== undefined, 'a failing attempt is in the store')
  if (row.state === 'committed' || row.state === 'delivered' || row.state === 'failed') return
  store.updateAttempt(row, { state: 'failed', failure: encodeError(error), atMs: clock.now() })
  board.free(lease)
  board.tell(lease)
  const { orderId, shard, attempt } = row
  const fields = { lease, orderId, shard, attempt, code: error.code, blame: error.blame }
  if (error.blame === 'provider') log.warn(fields, 'attempt.failed')
  else log.info(fields, 'attempt.failed')
  log.debug({ lease, message: error.message, details: error.details }, 'attempt.explained')
}
