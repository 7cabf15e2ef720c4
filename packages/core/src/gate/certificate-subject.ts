import {
  deriveGateShard,
  deriveSpecHash,
  deriveTemplateHash,
  imageDigest,
  type CertificateBody,
  type JobSpec,
  type MarketDomain,
  type OrderId,
  type QuorumId,
} from '@assay/protocol'

/** The program that a certificate speaks of: what two jobs share for one certificate to hold for both. */
export type CertifiedProgram = Pick<CertificateBody, 'imageDigest' | 'templateHash' | 'determinism' | 'hardwareClass'>

/** What is known of a certificate before anybody has run the sample. */
export type CertificateSubject = Omit<
  CertificateBody,
  'resultRoot' | 'grade' | 'conditions' | 'issuedAtMs' | 'expiresAtMs'
>

/** The program of a job. */
export function certifiedProgram(spec: JobSpec): CertifiedProgram {
  const { hardwareClass } = spec
  return {
    imageDigest: imageDigest(spec.image),
    templateHash: deriveTemplateHash(spec),
    determinism: spec.determinism,
    ...(hardwareClass !== undefined && { hardwareClass }),
  }
}

/** What a certificate of this quoted job would speak of, and which shard stands for it. */
export const certificateSubject = (
  market: MarketDomain,
  job: { readonly orderId: OrderId; readonly quorumId: QuorumId; readonly spec: JobSpec },
): CertificateSubject => ({
  v: 1,
  chainId: market.chainId,
  escrow: market.escrow,
  quorumId: job.quorumId,
  ...certifiedProgram(job.spec),
  specHash: deriveSpecHash(job.spec),
  shard: deriveGateShard(job.orderId, job.spec.shards.length),
})

/** Whether a certificate of the one is a certificate of the other. */
export const isSameProgram = (a: CertifiedProgram, b: CertifiedProgram): boolean =>
  a.imageDigest === b.imageDigest &&
  a.templateHash === b.templateHash &&
  a.determinism === b.determinism &&
  a.hardwareClass === b.hardwareClass
