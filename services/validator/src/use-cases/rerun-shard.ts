import { fetchBlob } from '@assay/blobs'
import { createSandboxTask, failedRunRoot, type SandboxOutcome } from '@assay/core'
import {
  MarketError,
  shardInputs,
  toMarketError,
  type InputRef,
  type PublicKey,
  type ResultRoot,
  type UnixMs,
} from '@assay/protocol'
import type { ValidatorContext } from '../context.ts'
import { validatorLimits } from '../limits.ts'
import { retry } from '../retry.ts'
import { withDeadline } from '../with-deadline.ts'
import { refuse, type DueCommit } from './due-commit.ts'

export interface RerunOptions {
  readonly round: number
  /** Who holds the inputs. */
  readonly source: PublicKey
  /** The run ends by then. */
  readonly deadline: UnixMs
}

/**
 * Runs the shard of a commit once and gives the root of what came out. A job that fails here is an answer too; an
 * engine that fails, or inputs that cannot be had, is none. Throws `audit-refused`.
 */
export async function rerunShard(
  context: ValidatorContext,
  due: DueCommit,
  { round, source, deadline }: RerunOptions,
): Promise<ResultRoot> {
  const { blobs, clock, closing, sandbox } = context
  const { spec } = due.order
  const { commitment, shard } = due.leaf.commit
  const owner = `audit/${commitment}/${round}`
  try {
    return await withDeadline(
      { clock, signal: closing },
      deadline,
      () => refuse('order-overdue'),
      async (signal) => {
        await sandbox.ensureImage(spec.image, signal)
        await fetchInputs(context, shardInputs(spec, shard), { source, owner }, signal)
        const runId = `audit-${commitment.slice(2, 34)}-${round}`
        const task = await createSandboxTask(spec, shard, {
          runId,
          deadline,
          pathOf: async (root) => blobs.pathOf(root),
        })
        return rootOf(await sandbox.run(task, signal))
      },
    )
  } catch (cause) {
    const { code, details } = toMarketError(cause)
    if (code === 'audit-refused') throw cause
    throw new MarketError('audit-refused', 'the shard could not be run here', {
      details: { ...details, reason: code },
      cause,
    })
  } finally {
    await blobs.release(owner)
  }
}

async function rootOf(outcome: SandboxOutcome): Promise<ResultRoot> {
  if (outcome.kind === 'ok') {
    await outcome.dispose()
    return outcome.resultRoot
  }
  const { failure } = outcome
  if (failure === 'engine-fault' || failure === 'cancelled') throw refuse('engine-failed', { failure })
  return failedRunRoot
}

/** Brings the inputs of a shard here and pins them for `owner`. Throws network and blob errors once tries are used up. */
export async function fetchInputs(
  context: ValidatorContext,
  inputs: readonly InputRef[],
  { source, owner }: { readonly source: PublicKey; readonly owner: string },
  signal: AbortSignal,
): Promise<void> {
  const { blobs, clock, network } = context
  const { fetchTries: tries, retryMs: pauseMs, retryMaxMs: maxPauseMs } = validatorLimits
  const queue = [...new Map(inputs.map((input) => [input.root, input])).values()]
  const fetchNext = async (input: InputRef): Promise<void> => {
    await retry({ clock, signal }, { tries, pauseMs, maxPauseMs }, async () => {
      if (await blobs.has(input.root)) await blobs.pin(input.root, owner)
      else await fetchBlob(network, source, input, blobs, { maxBytes: input.size, owner }, signal)
    })
  }
  const workers = Array.from({ length: Math.min(validatorLimits.fetchesAtOnce, queue.length) }, async () => {
    for (let input = queue.shift(); input !== undefined; input = queue.shift()) await fetchNext(input)
  })
  await Promise.all(workers)
}
