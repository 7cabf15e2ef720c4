/** From what validators found, blind, to the certificate that follows from it, or to the reason why none does. */
import {
  after,
  GateAnswer,
  isMarketError,
  limits,
  openEnvelope,
  type Address,
  type CertificateBody,
  type Envelope,
  type OrderId,
  type ResultRoot,
  type UnixMs,
} from '@assay/protocol'
import { failedRunRoot } from '../verify/failed-run-root.ts'
import type { CertificateSubject } from './certificate-subject.ts'
import type { CertificateAnchors } from './check-certificate.ts'

/** What a certification stands on. */
export interface GateCase extends CertificateAnchors {
  readonly orderId: OrderId
  readonly subject: CertificateSubject
  /** Shown by members; in any order. */
  readonly answers: readonly Envelope[]
  readonly issuedAtMs: UnixMs
}
export interface GateFindings {
  readonly validator: Address
  readonly answer: GateAnswer
}
export type GateOutcome =
  | { readonly kind: 'certified'; readonly body: CertificateBody; readonly countedBy: readonly Address[] }
  /** Too few members have answered to say. */
  | { readonly kind: 'pending'; readonly have: number; readonly need: number }
  /** However the others answer, no threshold agrees: `runs-differ` inside a member, `members-differ` between them. */
  | {
      readonly kind: 'refused'
      readonly reason: 'run-failed' | 'runs-differ' | 'members-differ'
      readonly findings: readonly GateFindings[]
    }
  /** An answer that no member could have given. */
  | { readonly kind: 'invalid'; readonly signer: Address }

/**
 * Certified exactly when a threshold of members each found both of its runs equal, and all the same result. The outcome
 * does not depend on the order of the answers.
 */
export function deriveCertificate(input: GateCase): GateOutcome {
  const { quorum, subject, issuedAtMs } = input
  const findings: GateFindings[] = []
  for (const envelope of input.answers) {
    const answer = readAnswer(input, envelope)
    if (answer === undefined || findings.some(({ validator }) => validator === envelope.signer))
      return { kind: 'invalid', signer: envelope.signer }
    findings.push({ validator: envelope.signer, answer })
  }
  const agreeing = largestGroup(findings)
  if (agreeing.length >= quorum.threshold) {
    const [first] = agreeing
    const conditions = (first?.answer.conditions ?? []).filter((condition) =>
      agreeing.every(({ answer }) => answer.conditions.includes(condition)),
    )
    const body: CertificateBody = {
      ...subject,
      resultRoot: first?.answer.resultRoot ?? failedRunRoot,
      grade: 'exact',
      conditions: [...new Set(conditions)].toSorted(),
      issuedAtMs,
      expiresAtMs: after(issuedAtMs, limits.certificateLifeMs),
    }
    return { kind: 'certified', body, countedBy: agreeing.map(({ validator }) => validator) }
  }
  const silent = quorum.members.length - findings.length
  if (agreeing.length + silent >= quorum.threshold)
    return { kind: 'pending', have: agreeing.length, need: quorum.threshold }
  return { kind: 'refused', reason: reasonOf(findings), findings }
}

function readAnswer({ market, quorum, orderId }: GateCase, envelope: Envelope): GateAnswer | undefined {
  if (!quorum.members.includes(envelope.signer)) return undefined
  try {
    const answer = openEnvelope('gate-answer/1', GateAnswer, envelope)
    const fits = answer.chainId === market.chainId && answer.escrow === market.escrow && answer.orderId === orderId
    return fits ? answer : undefined
  } catch (error) {
    if (isMarketError(error)) return undefined
    throw error
  }
}

/** Members whose own runs were equal, and who found the same; of groups of one size that of the smallest root. */
function largestGroup(findings: readonly GateFindings[]): readonly GateFindings[] {
  const groups = new Map<ResultRoot, GateFindings[]>()
  for (const finding of findings) {
    const { grade, resultRoot } = finding.answer
    if (grade !== 'exact' || resultRoot === failedRunRoot) continue
    groups.set(resultRoot, [...(groups.get(resultRoot) ?? []), finding])
  }
  const sorted = [...groups].toSorted(([a, x], [b, y]) => y.length - x.length || (a < b ? -1 : 1))
  return sorted[0]?.[1] ?? []
}

function reasonOf(findings: readonly GateFindings[]): 'run-failed' | 'runs-differ' | 'members-differ' {
  if (findings.some(({ answer }) => answer.grade !== 'exact' && answer.resultRoot !== failedRunRoot))
    return 'runs-differ'
  return findings.some(({ answer }) => answer.resultRoot === failedRunRoot) ? 'run-failed' : 'members-differ'
}
