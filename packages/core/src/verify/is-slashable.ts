/** Whether a wrong result may cost stake: only where a quorum has certified beforehand that there is a right one. */
import type { Certificate, Hash32, JobSpec, UnixMs } from '@assay/protocol'
import { certificateFault, type CertificateFault } from '../gate/certificate-fault.ts'
import { certifiedProgram, isSameProgram } from '../gate/certificate-subject.ts'
import { checkCertificate, type CertificateAnchors } from '../gate/check-certificate.ts'

export interface ArmingCase extends CertificateAnchors {
  readonly spec: JobSpec
  /** When the epoch of the commit closed: the certificate must have been in force, so that nobody is judged by a later one. */
  readonly closedAtMs: UnixMs
  /** Whether the provider opened its commit. Not opening needs no certificate: no program makes anybody silent. */
  readonly opened: boolean
  readonly certificate: Certificate | undefined
  /** Whether this reader knows a revocation. */
  readonly isRevoked: (certificate: Hash32) => boolean
}
export type Arming = { readonly ok: true; readonly certificate: Hash32 | undefined } | CertificateFault

/** `certificate` of the result names what arms the verdict; it is absent for a commit that was not opened. */
export function isSlashable(input: ArmingCase): Arming {
  if (!input.opened) return { ok: true, certificate: undefined }
  if (input.certificate === undefined) return certificateFault('certificate-missing')
  return certifiesCommit({ ...input, certificate: input.certificate })
}

/** Whether a certificate speaks of a commit of this job: it fits the program, and was in force when the epoch closed. */
export function certifiesCommit(
  input: Omit<ArmingCase, 'opened' | 'certificate'> & { readonly certificate: Certificate },
): { readonly ok: true; readonly certificate: Hash32 } | CertificateFault {
  const { certificate, closedAtMs, spec, isRevoked } = input
  const checked = checkCertificate(certificate, input)
  if (!checked.ok) return checked
  const { grade, issuedAtMs, expiresAtMs, templateHash } = certificate.body
  if (!isSameProgram(certificate.body, certifiedProgram(spec)))
    return certificateFault('certificate-program', { templateHash })
  if (grade !== 'exact') return certificateFault('certificate-grade', { grade })
  if (closedAtMs < issuedAtMs || closedAtMs >= expiresAtMs)
    return certificateFault('certificate-term', { issuedAtMs, expiresAtMs, closedAtMs })
  if (isRevoked(checked.id)) return certificateFault('certificate-revoked', { certificate: checked.id })
  return { ok: true, certificate: checked.id }
}
