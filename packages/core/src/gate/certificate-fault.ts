/** Why a certificate does not arm a verdict; values, never thrown. Each is a row of the specification. */
export const certificateFaults = [
  'certificate-missing',
  'certificate-market',
  'certificate-quorum',
  'certificate-malformed',
  'certificate-signer',
  'certificate-unsigned',
  'certificate-program',
  'certificate-grade',
  'certificate-term',
  'certificate-revoked',
] as const
export type CertificateFaultCode = (typeof certificateFaults)[number]

/** A finding against a certificate. */
export interface CertificateFault {
  readonly ok: false
  readonly fault: CertificateFaultCode
  readonly details: Readonly<Record<string, string | number>>
}

export const certificateFault = (
  code: CertificateFaultCode,
  details: CertificateFault['details'] = {},
): CertificateFault => ({ ok: false, fault: code, details })
