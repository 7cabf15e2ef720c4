/** Agreements of class D3 with real signatures. */
import {
  deriveEnvelopeDigest,
  encodeCanonical,
  toJson,
  type Agreement,
  type AuditRound,
  type Envelope,
  type ResultRoot,
} from '@assay/protocol'
import type { EvidenceCast } from './evidence-cast.ts'

export interface AgreementPlan {
  /** The provider's root and what earlier rounds found; those of the round itself are shown as well. */
  readonly shown: readonly ResultRoot[]
  /** What the seat that found `own` says of another result. */
  readonly agree: (own: ResultRoot, other: ResultRoot) => boolean
}

/** A round whose every seat has compared its result with all that was shown. */
export function addAgreements(cast: EvidenceCast, round: AuditRound, { shown, agree }: AgreementPlan): AuditRound {
  const all = [...shown, ...round.attestations.map(({ resultRoot }) => resultRoot)]
  const agreements = round.attestations.map(({ validator, commitment, round: number, resultRoot }): Envelope => {
    const others = [...new Set(all)].filter((root) => root !== resultRoot).toSorted()
    const body: Agreement = {
      ...cast.market,
      commitment,
      round: number,
      resultRoot,
      shown: others,
      agrees: others.filter((root) => agree(resultRoot, root)),
    }
    const actor = cast.validators.find(({ address }) => address === validator)!
    const payload = encodeCanonical(toJson(body))
    const signature = actor.signNow(deriveEnvelopeDigest('agreement/1', payload))
    return { kind: 'agreement/1', payload, signer: validator, signature }
  })
  return { ...round, agreements }
}
