import type { SandboxFacts } from '@assay/core'
import {
  deriveOrderId,
  deriveSpecHash,
  LeaseOffer,
  MarketError,
  openEnvelope,
  shardInputs,
  type Address,
  type Envelope,
  type JobSpec,
  type MarketDomain,
  type OrderTerms,
  type UnixMs,
} from '@assay/protocol'
import type { ProviderOptions } from '../context.ts'

export interface OfferCase {
  readonly offer: Envelope
  readonly terms: OrderTerms
  readonly spec: JobSpec
  /** Who sent it, proven by the connection. */
  readonly from: Address
  readonly self: Address
  readonly market: MarketDomain
  readonly facts: Pick<SandboxFacts, 'cpus' | 'memoryBytes' | 'hardwareClass'>
  readonly options: Pick<ProviderOptions, 'minPriceUsdc' | 'classes' | 'inputBytes'>
  readonly now: UnixMs
}

/**
 * Everything about an offer that needs no one else: signature, market, that terms, spec and offer are one agreement,
 * and that it is work this provider takes. Returns the lease's body.
 * Throws `signature-invalid`, `message-malformed`, `lease-invalid`, `lease-declined`, `budget-too-small`, `input-too-large`.
 */
export function checkOffer(input: OfferCase): LeaseOffer {
  const lease = openEnvelope('lease/1', LeaseOffer, input.offer)
  checkParties(input, lease)
  checkAgreement(input, lease)
  checkFit(input, lease)
  return lease
}

function checkParties({ offer, from, self, market, now }: OfferCase, lease: LeaseOffer): void {
  if (offer.signer !== lease.aggregator) throw invalid('it is not signed by the aggregator it names')
  if (lease.aggregator !== from) throw invalid('it was not sent by its aggregator')
  if (lease.provider !== self) throw invalid('it is for another provider')
  if (lease.chainId !== market.chainId || lease.escrow !== market.escrow) throw invalid('it is for another market')
  if (lease.acceptByMs <= now) throw invalid('it has lapsed')
  if (lease.commitByMs <= lease.acceptByMs) throw invalid('it leaves no time between accepting and committing')
}

function checkAgreement({ terms, spec, market }: OfferCase, lease: LeaseOffer): void {
  if (deriveOrderId(market, terms) !== lease.orderId) throw invalid('the terms do not hash to its order')
  if (terms.aggregator !== lease.aggregator) throw invalid('the order names another aggregator')
  if (terms.specHash !== lease.specHash || deriveSpecHash(spec) !== lease.specHash)
    throw invalid('the spec does not hash to the order')
  // Without a quorum nobody judges: that is class DX and no other.
  if ((terms.quorumId === 0) !== (spec.determinism === 'DX')) throw invalid('its quorum does not fit its class')
  if (spec.client !== terms.client) throw invalid('the spec is by another client than the order')
  if (lease.shard >= spec.shards.length) throw invalid('the spec has no such shard')
  if (lease.priceUsdc !== spec.priceUsdc) throw invalid('its price is not the price of the spec')
}

function checkFit({ spec, facts, options }: OfferCase, lease: LeaseOffer): void {
  const { resources } = spec
  if (!options.classes.includes(spec.determinism)) throw declined('class', `class ${spec.determinism} is not served`)
  if (spec.hardwareClass !== facts.hardwareClass && spec.hardwareClass !== undefined)
    throw declined('hardware-class', 'this machine is not of its hardware class')
  if (resources.cpus > facts.cpus) throw declined('cpus', 'it asks for more processors than there are')
  if (resources.memoryBytes > facts.memoryBytes) throw declined('memory', 'it asks for more memory than there is')
  if (spec.priceUsdc < options.minPriceUsdc) {
    throw new MarketError('budget-too-small', 'the price is below the least this provider takes', {
      details: { priceUsdc: spec.priceUsdc.toString(), minPriceUsdc: options.minPriceUsdc.toString() },
    })
  }
  const bytes = shardInputs(spec, lease.shard).reduce((sum, input) => sum + input.size, 0)
  if (bytes > options.inputBytes) {
    throw new MarketError('input-too-large', 'the inputs of the shard exceed what this provider takes', {
      details: { inputBytes: bytes, limitBytes: options.inputBytes },
    })
  }
}

const invalid = (reason: string): MarketError =>
  new MarketError('lease-invalid', `the offer is not valid: ${reason}`, { details: { reason } })

/** A refusal for reasons of this provider; another one may take the shard. */
export const declined = (cause: string, reason: string): MarketError =>
  new MarketError('lease-declined', `the offer was declined: ${reason}`, { details: { cause, reason } })
