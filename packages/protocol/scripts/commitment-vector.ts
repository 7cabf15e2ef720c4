import {
  Commit,
  deriveAttestationDigest,
  deriveAuditCommitDigest,
  deriveAuditCommitment,
  deriveCommitDigest,
  deriveCommitment,
  deriveEpochRoot,
  deriveLeafHash,
  deriveOrderId,
  deriveResultsRoot,
  EpochLeaf,
  Opening,
  signDigest,
  sortLeaves,
  toJson,
  type Json,
  type SignedCommit,
} from '../src/index.ts'
import { addressOf, keyOf, named } from './actors.ts'
import { vectorMarket, vectorTerms } from './eip712-vector.ts'

const openingOf = (name: string): Opening =>
  Opening.parse({ resultRoot: named(`${name}-root`), salt: named(`${name}-salt`) })

/** A commit of an attempt, signed by its provider. */
function commitOf(shard: number, attempt: number, name: string): SignedCommit {
  const provider = addressOf('provider')
  const about = { orderId: deriveOrderId(vectorMarket, vectorTerms), shard, attempt, provider }
  const commitment = deriveCommitment(vectorMarket, about, openingOf(name))
  const commit = Commit.parse({ ...about, commitment, sealedHash: named(`${name}-sealed`) })
  return { ...commit, signature: signDigest(deriveCommitDigest(vectorMarket, commit), keyOf('provider')) }
}

/** Commit, blind audit of it, epoch root and results root. */
export function commitmentVector(): Json {
  const commit = commitOf(3, 2, 'commit')
  const validator = addressOf('validator-1')
  const about = { commitment: commit.commitment, round: 1, validator }
  const opening = openingOf('audit')
  const auditCommit = { ...about, auditCommitment: deriveAuditCommitment(vectorMarket, about, opening) }
  const attestation = { ...about, ...opening }
  const auditDigest = deriveAuditCommitDigest(vectorMarket, auditCommit)
  const attestationDigest = deriveAttestationDigest(vectorMarket, attestation)
  const key = keyOf('validator-1')
  const leaves = [commit, commitOf(0, 1, 'second'), commitOf(1, 1, 'third')].map((one, i) =>
    EpochLeaf.parse({ commit: one, ratePpm: [10_000, 53_428, 1_000_000][i] }),
  )
  return toJson({
    market: vectorMarket,
    commit: { opening: openingOf('commit'), message: commit, digest: deriveCommitDigest(vectorMarket, commit) },
    auditCommit: { opening, message: { ...auditCommit, signature: signDigest(auditDigest, key) }, digest: auditDigest },
    attestation: {
      message: { ...attestation, signature: signDigest(attestationDigest, key) },
      digest: attestationDigest,
    },
    epoch: {
      leaves: sortLeaves(leaves).map((leaf) => ({ ...leaf, hash: deriveLeafHash(leaf) })),
      root: deriveEpochRoot(leaves),
    },
    results: {
      accepted: leaves.map(({ commit: { orderId, shard, attempt, provider, commitment } }) => ({
        orderId,
        shard,
        attempt,
        provider,
        commitment,
      })),
      root: deriveResultsRoot(leaves.map((leaf) => leaf.commit)),
      emptyRoot: deriveResultsRoot([]),
    },
  })
}
