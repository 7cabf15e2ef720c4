import {
  Challenge,
  isMarketError,
  openEnvelope,
  type Address,
  type Audit,
  type Envelope,
  type MarketDomain,
} from '@assay/protocol'
import { fault, type Fault } from './fault.ts'

export interface ChallengeContext {
  readonly market: MarketDomain
  /** Client of the order: nobody else may challenge. */
  readonly client: Address
}
export interface CheckedChallenges {
  readonly ok: true
  /** Whether they demand a panel over an audit that passed. */
  readonly panel: boolean
}

/**
 * Checks the challenges of an audit. The first makes an unsampled commit's audit due; one more than made it due demands a
 * panel. An audit that the draw or a conviction made due needs one for that.
 */
export function checkChallenges(
  { commitment, reason, challenges = [] }: Pick<Audit, 'commitment' | 'reason' | 'challenges'>,
  { market, client }: ChallengeContext,
): CheckedChallenges | Fault {
  const needed = reason === 'challenged' ? 1 : 0
  if (challenges.length < needed) return fault('challenge-missing', { commitment })
  for (const envelope of challenges) {
    const body = open(envelope)
    if (body === undefined) return fault('challenge-invalid', { commitment })
    if (envelope.signer !== client) return fault('challenge-signer-mismatch', { commitment, signer: envelope.signer })
    if (body.chainId !== market.chainId || body.escrow !== market.escrow || body.commitment !== commitment)
      return fault('challenge-mismatch', { commitment, challenged: body.commitment })
  }
  const distinct = new Set(challenges.map(({ payload }) => payload)).size
  if (distinct < challenges.length || challenges.length > needed + 1) return fault('challenge-repeated', { commitment })
  return { ok: true, panel: challenges.length > needed }
}

function open(envelope: Envelope): Challenge | undefined {
  try {
    return openEnvelope('challenge/1', Challenge, envelope)
  } catch (error) {
    if (!isMarketError(error)) throw error
    return undefined
  }
}
