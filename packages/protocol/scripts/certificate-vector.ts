import {
  CertificateBody,
  deriveCertificateId,
  deriveGateShard,
  deriveOrderId,
  deriveRevocationDigest,
  deriveSpecHash,
  deriveTemplateHash,
  GateAnswer,
  imageDigest,
  RevocationBody,
  signDigest,
  signGateAnswer,
  toJson,
  type Json,
} from '../src/index.ts'
import { addressOf, keyOf, named } from './actors.ts'
import { vectorMarket, vectorTerms } from './eip712-vector.ts'
import { vectorSpec } from './envelope-vector.ts'

const members = ['validator-1', 'validator-2'] as const

/** A certification from the blind promise to the revocation. */
export async function certificateVector(): Promise<Json> {
  const orderId = deriveOrderId(vectorMarket, vectorTerms)
  const templateHash = deriveTemplateHash(vectorSpec)
  const shard = deriveGateShard(orderId, vectorSpec.shards.length)
  const answers = await Promise.all(
    members.map(async (name) => {
      const answer = GateAnswer.parse({
        ...vectorMarket,
        orderId,
        grade: 'exact',
        resultRoot: named('certified-root'),
        salt: named(`${name}-gate-salt`),
        conditions: ['clock', 'host-name', 'locale', 'time-zone'],
        differences: [],
      })
      return signGateAnswer(answer, {
        address: addressOf(name),
        sign: (digest) => Promise.resolve(signDigest(digest, keyOf(name))),
      })
    }),
  )
  const body = CertificateBody.parse({
    v: 1,
    ...vectorMarket,
    quorumId: vectorTerms.quorumId,
    imageDigest: imageDigest(vectorSpec.image),
    templateHash,
    determinism: vectorSpec.determinism,
    specHash: deriveSpecHash(vectorSpec),
    shard,
    resultRoot: named('certified-root'),
    grade: 'exact',
    conditions: ['clock', 'host-name', 'locale', 'time-zone'],
    issuedAtMs: 1_899_999_000_000,
    expiresAtMs: 1_902_591_000_000,
  })
  const id = deriveCertificateId(body)
  const revocation = RevocationBody.parse({
    v: 1,
    ...vectorMarket,
    quorumId: vectorTerms.quorumId,
    certificate: id,
    evidence: named('nondeterministic-audit'),
  })
  const digest = deriveRevocationDigest(revocation)
  const sign = (hash: typeof id) => members.map((name) => signDigest(hash, keyOf(name)))
  return toJson({
    templateHash,
    gateShard: { orderId, shards: vectorSpec.shards.length, shard },
    answers,
    certificate: { body, id, signatures: sign(id), signers: members.map(addressOf) },
    revocation: { body: revocation, digest, signatures: sign(digest) },
  })
}
