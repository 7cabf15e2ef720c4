import type { Address, FailedAttempt, Hash32, JobEvidence, OperatorEntry, SeededEpoch } from '@assay/protocol'
import type { Context } from '../context.ts'
import type { AttemptRow, JobRow } from '../store/records.ts'

/** Everything a validator, and later anyone, needs to judge the job. */
export async function buildEvidence(context: Context, job: JobRow, signal: AbortSignal): Promise<JobEvidence> {
  const { beacon, chain, quorum, store } = context
  const attempts = store.attemptsOf(job.orderId)
  const digests = decidedEpochs(attempts)
  const audits = store.auditsOf(job.orderId).flatMap((row) => (digests.has(row.epoch) ? [row.audit] : []))
  const accepted = attempts.filter((attempt) => attempt.state === 'accepted').map((attempt) => attempt.provider)
  const auditors = audits.flatMap(({ rounds }) =>
    rounds.flatMap(({ attestations }) => attestations.map(({ validator }) => validator)),
  )
  return {
    v: 1,
    market: { chainId: chain.market.chainId, escrow: chain.market.escrow },
    terms: job.terms,
    spec: job.spec,
    quorum,
    beacon: beacon.info,
    epochs: readEpochs(context, digests),
    audits,
    failures: attempts.flatMap(toFailure),
    operators: await readOperators(context, new Set([...accepted, ...auditors]), signal),
  }
}

/** Epochs in which every commit of the job is judged: the others were given up as a whole. */
function decidedEpochs(attempts: readonly AttemptRow[]): ReadonlySet<Hash32> {
  const inEpoch = attempts.filter((attempt) => attempt.epoch !== undefined)
  const open = new Set(inEpoch.filter((attempt) => attempt.state === 'expired').map((attempt) => attempt.epoch))
  return new Set(inEpoch.flatMap(({ epoch }) => (epoch === undefined || open.has(epoch) ? [] : [epoch])))
}

function readEpochs({ store }: Context, digests: ReadonlySet<Hash32>): SeededEpoch[] {
  return [...digests].flatMap((digest) => {
    const epoch = store.epoch(digest)
    if (epoch?.beacon === undefined) return []
    return [{ proposal: epoch.proposal, leaves: [...epoch.leaves], acks: [...epoch.acks], beacon: epoch.beacon }]
  })
}

/** Attempts that never became a commit. */
function toFailure(attempt: AttemptRow): FailedAttempt[] {
  const { shard, attempt: number, provider, code, blame, atMs, commit } = attempt
  if (attempt.state !== 'expired' || commit !== undefined || code === undefined || blame === undefined) return []
  return [{ shard, attempt: number, provider, code, blame, atMs }]
}

async function readOperators(
  { chain }: Context,
  addresses: ReadonlySet<Address>,
  signal: AbortSignal,
): Promise<OperatorEntry[]> {
  const entries = await Promise.all(
    [...addresses].map(async (address) => ({ address, operator: await chain.operator(address, signal) })),
  )
  return entries
    .flatMap(({ address, operator }) => (operator === undefined ? [] : [{ address, index: operator.index }]))
    .toSorted((a, b) => a.index - b.index)
}
