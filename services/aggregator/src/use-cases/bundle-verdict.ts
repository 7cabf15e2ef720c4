import { assertBug, deriveBundleId, type VerdictBundle } from '@assay/protocol'
import type { Context } from '../context.ts'
import type { JobRow, VerdictRow } from '../store/records.ts'

/** Keeps everything that a third party needs to judge a signed verdict, under the name that its bytes give it. */
export function bundleVerdict(context: Context, job: JobRow, row: VerdictRow): VerdictBundle {
  const { beacon, chain, clock, quorum, store } = context
  const audit = store.audit(row.commitment)
  const epoch = audit && store.epoch(audit.epoch)
  assertBug(audit !== undefined && epoch?.beacon !== undefined, 'a verdict stands on an audit of a seeded epoch')
  const { chainId, escrow } = chain.market
  const bundle: VerdictBundle = {
    v: 1,
    market: { chainId, escrow },
    terms: job.terms,
    spec: job.spec,
    quorum,
    beacon: beacon.info,
    epoch: { proposal: epoch.proposal, leaves: [...epoch.leaves], acks: [...epoch.acks], beacon: epoch.beacon },
    audit: audit.audit,
    verdict: row.verdict,
    signatures: [...row.signatures],
    appeals: [],
  }
  const { key: verdictKey, orderId } = row
  store.addBundle({ id: deriveBundleId(bundle), verdictKey, orderId }, bundle, clock.now())
  return bundle
}
