import { certifiedProgram, isSlashable, type Arming } from '@assay/core'
import type { Certificate, CertificateStatus, JobSpec, UnixMs } from '@assay/protocol'
import type { Context } from '../context.ts'
import type { CertificateRow } from '../store/records.ts'

/** What a client is told about a job of this program now. */
export function certificateStatus(context: Context, spec: JobSpec): CertificateStatus {
  const now = context.clock.now()
  const rows = ownCertificates(context, spec)
  const held = rows.find(({ certificate, contradictedBy }) => {
    const { issuedAtMs, expiresAtMs } = certificate.body
    return contradictedBy === undefined && issuedAtMs <= now && now < expiresAtMs
  })
  // A program that was found out once is not certified again while anybody remembers.
  const revoked = rows.find(({ contradictedBy }) => contradictedBy !== undefined)
  if (revoked !== undefined) return { state: 'revoked', id: revoked.id }
  if (held === undefined) return { state: 'none' }
  return { state: 'certified', id: held.id, expiresAtMs: held.certificate.body.expiresAtMs }
}

/** A commit that an audit speaks of. */
export interface ArmedCommit {
  readonly spec: JobSpec
  /** When the epoch of the commit closed. */
  readonly closedAtMs: UnixMs
  /** Whether the provider opened it. */
  readonly opened: boolean
}

/** Whether a conviction may cost stake, and the certificate that says so. Revoked ones are as good as none. */
export function findArming(
  context: Context,
  commit: ArmedCommit,
): { readonly arming: Arming; readonly certificate: Certificate | undefined } {
  const { chain, quorum } = context
  const isRevoked = (id: string): boolean =>
    ownCertificates(context, commit.spec).some((row) => row.id === id && row.contradictedBy !== undefined)
  const judge = (certificate: Certificate | undefined): Arming =>
    isSlashable({ market: chain.market, quorum, ...commit, certificate, isRevoked })
  for (const { certificate } of ownCertificates(context, commit.spec)) {
    const arming = judge(certificate)
    if (arming.ok) return { arming, certificate: commit.opened ? certificate : undefined }
  }
  return { arming: judge(undefined), certificate: undefined }
}

const ownCertificates = ({ store, quorum }: Context, spec: JobSpec): readonly CertificateRow[] =>
  store.certificatesFor(certifiedProgram(spec)).filter(({ certificate }) => certificate.body.quorumId === quorum.id)
