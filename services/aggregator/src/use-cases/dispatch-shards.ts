import { chooseProvider, type Candidate, type JobPlan } from '@assay/core'
import {
  after,
  createEnvelope,
  deriveLeaseDigest,
  toJson,
  toUnixMs,
  usdc,
  type LeaseOffer,
  type UnixMs,
} from '@assay/protocol'
import type { Context } from '../context.ts'
import { toCandidate } from '../directory.ts'
import { aggregatorLimits as limits } from '../limits.ts'
import type { JobRow } from '../store/records.ts'

/** Load of every provider, kept through one planning round so that two jobs do not take the same slot. */
export type Load = Map<string, { busy: number; unsettledUsdc: Candidate['unsettledUsdc'] }>

/** Gives each waiting shard to a provider with room. The signed offer is durable before anyone sees it. */
export async function dispatchShards(context: Context, job: JobRow, plan: JobPlan, load: Load): Promise<void> {
  for (const { shard, attempt, tried } of plan.dispatch) {
    const candidates = candidatesFor(context, job, load)
    const { priceUsdc, determinism, hardwareClass, resources } = job.spec
    const { cpus, memoryBytes } = resources
    const chosen = chooseProvider(candidates, { priceUsdc, determinism, hardwareClass, cpus, memoryBytes, tried })
    if (chosen === undefined) continue
    const before = load.get(chosen.provider) ?? { busy: 0, unsettledUsdc: usdc(0n) }
    load.set(chosen.provider, { busy: before.busy + 1, unsettledUsdc: usdc(before.unsettledUsdc + priceUsdc) })
    await offer(context, job, { shard, attempt }, chosen)
  }
}

/** Providers that hold the job's image and are not convicted, each with its load. */
export function candidatesFor(context: Context, job: Pick<JobRow, 'spec'>, load: Load): readonly Candidate[] {
  const { directory, store } = context
  return directory
    .providers()
    .filter(({ peer }) => directory.images.holds(peer.address, job.spec.image) && !store.isConvicted(peer.address))
    .map((node) => {
      const address = node.peer.address
      return toCandidate(
        node,
        load.get(address) ?? { busy: 0, unsettledUsdc: usdc(0n) },
        directory.breaker.failures(address),
      )
    })
}

/** When no new attempt may start: an attempt, its audit, a panel and a settlement must still fit. */
export function dispatchUntil(job: Pick<JobRow, 'spec' | 'terms'>): UnixMs {
  const attemptMs = job.spec.timeLimitMs + limits.attemptSlackMs
  const auditMs = 2 * (limits.auditTimeFactor * job.spec.timeLimitMs + limits.auditSlackMs)
  return after(toUnixMs(job.terms.settleBy), -(attemptMs + auditMs))
}

async function offer(
  context: Context,
  job: JobRow,
  key: { shard: number; attempt: number },
  chosen: Candidate,
): Promise<void> {
  const { chain, clock, directory, signer, store } = context
  const node = directory.node(chosen.provider)
  if (node === undefined) return
  const now = clock.now()
  const commitByMs = after(now, job.spec.timeLimitMs + limits.attemptSlackMs)
  const body: LeaseOffer = {
    chainId: chain.market.chainId,
    escrow: chain.market.escrow,
    orderId: job.orderId,
    specHash: job.terms.specHash,
    ...key,
    aggregator: signer.address,
    provider: chosen.provider,
    priceUsdc: job.spec.priceUsdc,
    acceptByMs: after(now, limits.offerMs),
    commitByMs,
  }
  const envelope = await createEnvelope('lease/1', toJson(body), signer)
  store.addAttempt({
    orderId: job.orderId,
    ...key,
    state: 'offered',
    provider: chosen.provider,
    publicKey: node.peer.publicKey,
    priceUsdc: job.spec.priceUsdc,
    lease: deriveLeaseDigest(envelope),
    offer: envelope,
    acceptance: undefined,
    commitByMs,
    commit: undefined,
    sealed: undefined,
    epoch: undefined,
    mustAudit: false,
    failedProposals: 0,
    executingAtMs: undefined,
    runMs: undefined,
    ratePpm: undefined,
    verdict: undefined,
    code: undefined,
    blame: undefined,
    detail: undefined,
    atMs: now,
  })
}
