import type { Address, JobEvidence } from '@assay/protocol'
import { fault, type Fault } from './fault.ts'
import { findCensored } from './find-censored.ts'
import { checkContagion, judgeEvidence, type JudgedEvidence, type JudgeOptions } from './judge-evidence.ts'

export type BatchJudgement = { readonly ok: true; readonly jobs: readonly JudgedEvidence[] } | Fault

/**
 * Judges jobs that are settled together: each on its own, and a conviction in one binds the commits of that provider in
 * all. They must share market, quorum and aggregator, agree on operator numbers, and leave out no claimed commit.
 */
export function judgeBatch(evidence: readonly JobEvidence[], options: JudgeOptions = {}): BatchJudgement {
  const mixed = checkShared(evidence)
  if (mixed !== undefined) return mixed
  const jobs: JudgedEvidence[] = []
  for (const one of evidence) {
    const judged = judgeEvidence(one, options)
    if (!judged.ok) return judged
    if (jobs.some(({ orderId }) => orderId === judged.orderId))
      return fault('order-repeated', { orderId: judged.orderId })
    jobs.push(judged)
  }
  const convicted = new Set(jobs.flatMap((job) => job.convicted))
  for (const { shards } of jobs) {
    const spared = checkContagion(
      shards.flatMap(({ commits }) => commits),
      convicted,
    )
    if (spared !== undefined) return spared
  }
  for (const job of jobs) {
    const censored = findCensored(job, options.claims ?? [])
    if (censored !== undefined) return censored
  }
  return { ok: true, jobs }
}

function checkShared(evidence: readonly JobEvidence[]): Fault | undefined {
  const [first] = evidence
  if (first === undefined) return fault('batch-empty')
  const byAddress = new Map<Address, number>()
  const byIndex = new Map<number, Address>()
  for (const { market, terms, operators } of evidence) {
    const shared =
      market.chainId === first.market.chainId &&
      market.escrow === first.market.escrow &&
      terms.quorumId === first.terms.quorumId &&
      terms.aggregator === first.terms.aggregator
    if (!shared) return fault('batch-mixed', { quorumId: terms.quorumId, aggregator: terms.aggregator })
    for (const { address, index } of operators) {
      if ((byAddress.get(address) ?? index) !== index || (byIndex.get(index) ?? address) !== address)
        return fault('operator-conflict', { address, index })
      byAddress.set(address, index)
      byIndex.set(index, address)
    }
  }
  return undefined
}
