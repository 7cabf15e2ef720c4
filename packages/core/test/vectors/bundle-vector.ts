import { deriveAppealHash, deriveBundleId, deriveVerdictDigest, toJson, type Json } from '@assay/protocol'
import { buildAppeal, buildCase, buildVerdict, createBench, createEvidenceCast } from '@assay/testkit'
import { verifyVerdict } from '../../src/index.ts'

/** A verdict on a provider that lost its appeal, its names, and every check of it. */
export async function bundleVector(): Promise<Json> {
  const cast = createEvidenceCast({ label: 'bundle vector', validators: 6, threshold: 4, shards: 1 })
  const built = await buildCase(cast, 'garbage')
  const verdict = buildVerdict(cast, built)
  const appeal = buildAppeal(cast, built, { bench: createBench(9), verdict: verdict.verdict })
  const bundle = { ...verdict, appeals: [appeal] }
  const { verdictId, checks, stands } = verifyVerdict(bundle)
  return toJson({
    bundle,
    bundleId: deriveBundleId(bundle),
    verdictId,
    verdictDigest: deriveVerdictDigest(cast.market, bundle.verdict),
    appealHash: deriveAppealHash(bundle.audit, appeal),
    checks,
    stands,
  })
}
