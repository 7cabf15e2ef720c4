/** Class DX: looking at what was delivered, and paying for what the client accepts. */
import { deriveAcceptance } from '@assay/core'
import {
  deriveAcceptanceDigest,
  derivePackedHash,
  isMarketError,
  MarketError,
  packPayouts,
  type Acceptance,
  type AttemptView,
  type ErrorCode,
  type OperatorEntry,
  type SignedCommit,
  type UsdcBase,
} from '@assay/protocol'
import { toOutput } from './accepted-results.ts'
import { onChain } from './client-chain.ts'
import { hasCode } from './faults.ts'
import { followEvents } from './follow-events.ts'
import type { JobParts } from './job-parts.ts'
import { awaitClosed, readState, untilRefund } from './job-state.ts'
import { limits } from './limits.ts'
import { runBounded } from './run-bounded.ts'

export interface AcceptOptions {
  /** `all` (default): every delivered result that opens. Numbers: exactly these, and it fails when one does not open. */
  readonly shards?: 'all' | readonly number[]
  readonly signal?: AbortSignal
}
export interface AcceptedJob {
  /** Shards that are paid for. */
  readonly accepted: readonly number[]
  /** Delivered results that do not open, and are not paid for. */
  readonly refused: readonly { readonly shard: number; readonly code: ErrorCode }[]
  readonly chargedUsdc: UsdcBase
}

/**
 * Waits until everything is delivered, opens the chosen results, signs what follows from them, and waits until the order is settled.
 * Throws `job-state` for a job that a quorum settles, `job-incomplete` when there is nothing to accept, `result-invalid`,
 * `blob-mismatch`, `batch-invalid` (blame: aggregator) when it names an operator that the chain does not, `deadline-passed`.
 */
export async function acceptJob(parts: JobParts, options: AcceptOptions, signal: AbortSignal): Promise<AcceptedJob> {
  const { orderId, spec, terms } = parts
  if (terms.quorumId !== 0)
    throw new MarketError('job-state', 'a quorum settles this job; there is nothing to accept', {
      details: { orderId },
    })
  const { chosen, refused } = await openChosen(parts, await awaitDelivered(parts, signal), options, signal)
  if (chosen.length === 0)
    throw new MarketError('job-incomplete', 'there is no result to accept', { details: { refused: refused.length } })
  const operators = await readOperators(parts, chosen, signal)
  const derived = deriveAcceptance({ priceUsdc: spec.priceUsdc, feeBps: terms.feeBps, commits: chosen, operators })
  if (!derived.ok) throw foreign({ fault: derived.fault })
  const { payouts, feeUsdc: fee, resultsRoot, chargedUsdc } = derived
  const signed = { orderId, payoutsHash: derivePackedHash(packPayouts(payouts)), fee, resultsRoot }
  const signature = await parts.signer.sign(deriveAcceptanceDigest(parts.domain, signed))
  const shards = chosen.map(({ shard }) => shard)
  await send(parts, { shards, payouts: [...payouts], fee, resultsRoot, signature }, signal)
  await awaitSettled(parts, chargedUsdc, signal)
  return { accepted: shards, refused, chargedUsdc }
}

/** What was delivered, once nothing more comes. */
async function awaitDelivered(parts: JobParts, signal: AbortSignal): Promise<readonly AttemptView[]> {
  let view = await readState(parts, signal)
  if (view.state === 'funding' || view.state === 'running') {
    const events = untilRefund(parts, signal, (own) => followEvents(parts.api, parts.orderId, 0, own))
    for await (const { type } of events) if (type === 'job.settling' || type === 'job.closed') break
    view = await readState(parts, signal)
  }
  return view.attempts.filter(({ state }) => state === 'committed').toSorted((a, b) => a.shard - b.shard)
}

async function openChosen(
  parts: JobParts,
  delivered: readonly AttemptView[],
  { shards = 'all' }: AcceptOptions,
  signal: AbortSignal,
): Promise<{ readonly chosen: readonly SignedCommit[]; readonly refused: AcceptedJob['refused'] }> {
  const wanted = shards === 'all' ? undefined : new Set(shards)
  const missing = [...(wanted ?? [])].find((shard) => delivered.every((one) => one.shard !== shard))
  if (missing !== undefined)
    throw new MarketError('job-incomplete', `shard ${missing} was not delivered`, { details: { shard: missing } })
  const due = delivered.filter(({ shard }) => wanted === undefined || wanted.has(shard))
  const commits: SignedCommit[] = []
  const refused: { shard: number; code: ErrorCode }[] = []
  await runBounded(due, limits.transfers, signal, async (attempt, _index, either) => {
    try {
      const output = toOutput(parts, attempt)
      await output.read(() => Promise.resolve(), either)
      commits.push(output.commit)
    } catch (error) {
      const broken = isMarketError(error) && (error.code === 'result-invalid' || error.code === 'blob-mismatch')
      if (!broken || wanted !== undefined) throw error
      refused.push({ shard: attempt.shard, code: error.code })
    }
  })
  return { chosen: commits.toSorted((a, b) => a.shard - b.shard), refused }
}

/** Operator numbers: from the chain where there is one, else on the aggregator's word, which can misdirect a payee but not the amount. */
async function readOperators(
  { api, chain, orderId }: JobParts,
  commits: readonly SignedCommit[],
  signal: AbortSignal,
): Promise<readonly OperatorEntry[]> {
  if (chain === undefined) return (await api.acceptance(orderId, signal)).operators
  const entries: OperatorEntry[] = []
  for (const address of new Set(commits.map(({ provider }) => provider))) {
    const operator = await onChain(signal, () => chain.reader.operator(address, signal))
    if (operator === undefined) throw foreign({ provider: address })
    entries.push({ address, index: operator.index })
  }
  return entries
}

/** The aggregator sends it and pays the gas; a client with its own keys to the chain can do without it. */
async function send(parts: JobParts, acceptance: Acceptance, signal: AbortSignal): Promise<void> {
  const { api, chain, orderId, terms } = parts
  const writer = chain?.writer
  try {
    await api.accept(orderId, acceptance, signal)
  } catch (error) {
    if (writer?.settleByClient === undefined || !hasCode(error, 'market-unreachable')) throw error
    await onChain(signal, () => writer.settleByClient!(terms, acceptance, signal))
  }
}

/** The cap is free of the rest once the chain shows the settlement. */
async function awaitSettled(parts: JobParts, chargedUsdc: UsdcBase, signal: AbortSignal): Promise<void> {
  const { cap, chain, orderId } = parts
  if (chain === undefined) return void (await awaitClosed(parts, signal))
  const settled = async (): Promise<boolean> =>
    (await onChain(signal, () => chain.reader.order(orderId, signal))).status === 'settled'
  if (!(await settled())) await awaitClosed(parts, signal)
  if (await settled()) return cap.settle(orderId, chargedUsdc)
  throw new MarketError('receipt-invalid', 'the chain does not show the settlement', {
    details: { check: 'chain', orderId },
  })
}

const foreign = (details: Record<string, string>): MarketError =>
  new MarketError('batch-invalid', 'a provider of this job cannot be paid', { details, blame: 'aggregator' })
