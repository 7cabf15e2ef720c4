import type { Audit } from '@assay/protocol'
import type { AuditVerdict } from './decide-audit.ts'
import { verificationPolicy } from './policy.ts'

/**
 * Whether the verdict on an audit takes the certificate of its job with it. A panel that could not be seated proves
 * nothing about the program: at least a majority's worth of panel results must be there, and disagree.
 */
export const isRevoking = (verdict: AuditVerdict, { rounds }: Pick<Audit, 'rounds'>): boolean =>
  verdict === 'nondeterministic' && (rounds[1]?.attestations.length ?? 0) >= verificationPolicy.panelMajority
