import { createSandboxTask, type SandboxFailure, type SandboxSuccess } from '@assay/core'
import { assertBug, MarketError, toMarketError, type ErrorCode, type Hash32, type JobSpec } from '@assay/protocol'
import type { ProviderContext } from '../context.ts'
import { providerLimits } from '../limits.ts'
import type { AttemptRow } from '../store/records.ts'
import { withDeadline } from '../with-deadline.ts'
import { deliverResult } from './deliver-result.ts'
import { fetchInputs, inputsOwner } from './fetch-inputs.ts'
import { failAttempt, moveAttempt } from './move-attempt.ts'
import { sealAttempt } from './seal-attempt.ts'

/**
 * Drives an accepted attempt to its commit or its failure, whoever listens. It ends at the lease's deadline, when
 * cancelled, or when the provider closes; in the last case the next start decides what becomes of it.
 */
export async function runAttempt(context: ProviderContext, lease: Hash32): Promise<void> {
  const { store, board, blobs, clock, closing } = context
  const row = store.attempt(lease)
  assertBug(row !== undefined, 'a started attempt is in the store')
  const signal = AbortSignal.any([closing, board.signalOf(lease)])
  try {
    await withDeadline({ clock, signal }, row.commitByMs, expired, async (inTime) => {
      try {
        await (row.state === 'delivering' ? deliverResult(context, row, inTime) : produce(context, row, inTime))
      } catch (error) {
        // Whatever broke first after an abort, the abort is why.
        throw inTime.aborted ? inTime.reason : error
      }
    })
  } catch (error) {
    if (!closing.aborted) failAttempt(context, lease, toMarketError(error))
  } finally {
    await blobs.release(inputsOwner(row))
    board.free(lease)
  }
}

async function produce(context: ProviderContext, row: AttemptRow, signal: AbortSignal): Promise<void> {
  const { store } = context
  const order = store.order(row.orderId)
  assertBug(order !== undefined, 'the order of an attempt is in the store')
  moveAttempt(context, row.lease, { state: 'preparing' })
  await fetchInputs(context, row, order.spec, signal)
  moveAttempt(context, row.lease, { state: 'executing' })
  const result = await execute(context, row, order.spec, signal)
  try {
    moveAttempt(context, row.lease, { state: 'sealing' })
    const sealed = await sealAttempt(context, row, { spec: order.spec, result }, signal)
    await deliverResult(context, sealed, signal)
  } finally {
    await result.dispose()
  }
}

async function execute(
  context: ProviderContext,
  row: AttemptRow,
  spec: JobSpec,
  signal: AbortSignal,
): Promise<SandboxSuccess> {
  const { sandbox, blobs } = context
  const task = await createSandboxTask(spec, row.shard, {
    runId: `attempt-${row.lease.slice(2, 34)}`,
    deadline: row.commitByMs,
    pathOf: async (root) => blobs.pathOf(root),
  })
  const outcome = await sandbox.run(task, signal)
  if (outcome.kind === 'failed') throw asFault(outcome)
  return outcome
}

/** A failed run as the fault it is, with the blame the sandbox found. */
function asFault(outcome: SandboxFailure): MarketError {
  const { failure, blame, detail, exitCode, stderrTail } = outcome
  const code: ErrorCode = failure === 'cancelled' ? 'cancelled' : `attempt-${failure}`
  return new MarketError(code, `the run failed: ${detail}`, {
    blame,
    details: {
      durationMs: outcome.durationMs,
      ...(exitCode !== undefined && { exitCode }),
      ...(stderrTail !== '' && { stderrTail: stderrTail.slice(-providerLimits.stderrTail) }),
    },
  })
}

const expired = (): Error => new MarketError('attempt-timeout', 'no commit before the deadline of the lease')
