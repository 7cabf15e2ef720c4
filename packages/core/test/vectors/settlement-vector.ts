import { deriveBatchDigest, deriveEvidenceHash, toJson, unixMs, type Json } from '@assay/protocol'
import { buildEvidence, buildReceipt, createEvidenceCast } from '@assay/testkit'
import { deriveSettlement, toBatch, verifyReceipt } from '../../src/index.ts'

/** A whole receipt with one of everything, what each commit is judged to be, and the settlement that follows. */
export async function settlementVector(): Promise<Json> {
  const cast = createEvidenceCast({ label: 'vector', validators: 6, threshold: 4, shards: 5 })
  const [, , , latecomer] = cast.providers
  const evidence = await buildEvidence(cast, {
    epochs: [
      {
        foreign: 1,
        attempts: [
          { shard: 0, provider: 0, sampled: true, story: 'garbage' },
          { shard: 1, provider: 0, sampled: false },
          { shard: 2, provider: 1, sampled: true, story: 'lazy-validator' },
          { shard: 3, provider: 2, sampled: false },
          { shard: 4, attempt: 2, provider: 1, sampled: true, story: 'nondeterministic' },
        ],
      },
      { attempts: [{ shard: 0, attempt: 2, provider: 3, sampled: true }] },
    ],
    failures: [
      {
        shard: 4,
        attempt: 1,
        provider: latecomer?.address ?? cast.client.address,
        code: 'attempt-timeout',
        blame: 'provider',
        atMs: unixMs(1_800_000_000_500),
      },
    ],
  })
  const receipt = buildReceipt(cast, evidence)
  const derived = deriveSettlement(cast.market, [evidence])
  if (!derived.ok) throw new Error(derived.fault)
  const { job, checks } = verifyReceipt(receipt)
  return toJson({
    receipt,
    judgement: job?.shards.map(({ shard, accepted, commits }) => ({
      shard,
      accepted: accepted?.commit.attempt ?? null,
      commits: commits.map(({ commit, ratePpm, sampled, verdict, detector, validatorsAtFault, paid }) => ({
        attempt: commit.attempt,
        provider: commit.provider,
        ratePpm,
        sampled,
        verdict,
        detector: detector ?? null,
        validatorsAtFault,
        paid,
      })),
    })),
    convicted: job?.convicted,
    bill: job?.bill,
    batch: toBatch(derived),
    batchDigest: deriveBatchDigest(cast.market, toBatch(derived)),
    auditHashes: evidence.audits.map((audit) => ({
      commitment: audit.commitment,
      evidence: deriveEvidenceHash(audit),
    })),
    checks,
  })
}
