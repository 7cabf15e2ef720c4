/** What the seats of a round say of each other's results, in an audit of class D3. */
import {
  Agreement,
  isMarketError,
  openEnvelope,
  type Address,
  type Commitment,
  type Envelope,
  type MarketDomain,
  type ResultRoot,
} from '@assay/protocol'
import type { SeatResult } from './decide-audit.ts'
import { failedRunRoot } from './failed-run-root.ts'
import { fault, type Fault } from './fault.ts'

export interface AgreementCase {
  readonly market: MarketDomain
  readonly commitment: Commitment
  readonly round: number
  /** Root that the provider opened. */
  readonly opened: ResultRoot
  /** Results of earlier rounds that counted. */
  readonly earlier: readonly ResultRoot[]
  /** Results of this round, in drawing order. */
  readonly results: readonly SeatResult[]
}

/**
 * The results that count, each with what its seat says of the others: those whose seat has signed an agreement. It must
 * have been shown the provider's result, every result that counted before, and every other that counts here, so that no
 * agreement is missing only because nobody asked.
 */
export function readAgreements(
  input: AgreementCase,
  envelopes: readonly Envelope[],
): { readonly results: readonly SeatResult[] } | Fault {
  const said = new Map<Address, Agreement>()
  for (const envelope of envelopes) {
    const agreement = openAgreement(input, envelope)
    if (agreement === undefined || said.has(envelope.signer))
      return fault('agreement-invalid', about(input, envelope.signer))
    said.set(envelope.signer, agreement)
  }
  const counting = input.results.flatMap((seat) => {
    const agreement = said.get(seat.validator)
    return agreement === undefined ? [] : [{ ...seat, agrees: new Set(agreement.agrees), shown: agreement.shown }]
  })
  const due = [input.opened, ...input.earlier, ...counting.map(({ root }) => root)]
  const unshown = counting.find(({ root, shown }) => due.some((other) => !isShown(other, root, shown)))
  if (unshown !== undefined) return fault('agreement-incomplete', about(input, unshown.validator))
  return { results: counting.map(({ validator, root, agrees }) => ({ validator, root, agrees })) }
}

/** Nothing is to be compared with a failed run, and nobody with itself. */
const isShown = (other: ResultRoot, own: ResultRoot, shown: readonly ResultRoot[]): boolean =>
  other === own || other === failedRunRoot || own === failedRunRoot || shown.includes(other)

/** `undefined` when it is not what this seat may say here. */
function openAgreement(input: AgreementCase, envelope: Envelope): Agreement | undefined {
  const agreement = open(envelope)
  const own = input.results.find(({ validator }) => validator === envelope.signer)
  const { market, commitment, round } = input
  const isOurs =
    agreement !== undefined &&
    own !== undefined &&
    agreement.chainId === market.chainId &&
    agreement.escrow === market.escrow &&
    agreement.commitment === commitment &&
    agreement.round === round &&
    agreement.resultRoot === own.root
  return isOurs ? agreement : undefined
}

function open(envelope: Envelope): Agreement | undefined {
  try {
    return openEnvelope('agreement/1', Agreement, envelope)
  } catch (error) {
    if (!isMarketError(error)) throw error
    return undefined
  }
}

const about = ({ commitment, round }: AgreementCase, validator: Address) => ({ commitment, validator, round })
