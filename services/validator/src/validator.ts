/** The validator service: acknowledges epochs, re-runs sampled shards blind, signs verdicts and settlements. */
import { after, durationMs, protocols, roleKey, unixMs, type Address, type SignedAuditCommit } from '@assay/protocol'
import { createAuditQueue, createWorkSlots } from './audit-queue.ts'
import { createChainFacts } from './chain-facts.ts'
import type { ValidatorContext, ValidatorDeps, ValidatorOptions } from './context.ts'
import { validatorLimits } from './limits.ts'
import type { GateRow, StoreCounts } from './store/records.ts'
import { claimOwner, serveClaimedBlobs } from './use-cases/keep-claims.ts'
import { proveFaults } from './use-cases/prove-faults.ts'
import { createAdvertSource, serveAdvert } from './use-cases/serve-advert.ts'
import { serveValidate } from './use-cases/serve-validate.ts'

export interface ValidatorStatus extends StoreCounts {
  readonly address: Address
  readonly addresses: readonly string[]
  readonly peers: number
  readonly auditSlots: number
  /** Audits that run or wait. */
  readonly pending: number
}

export interface ValidatorService extends AsyncDisposable {
  readonly address: Address
  status(): ValidatorStatus
}

/**
 * Starts a validator on ports that the caller keeps open until it is closed. Whatever it signs stands on a record that
 * was durable before. Throws `docker-unavailable`, `docker-permission`.
 */
export async function openValidator(deps: ValidatorDeps, options: ValidatorOptions = {}): Promise<ValidatorService> {
  const { chain, log, network, sandbox, signer, store } = deps
  const closing = new AbortController()
  const auditSlots = Math.min(options.auditSlots ?? 4, validatorLimits.auditSlots)
  const slots = createWorkSlots(auditSlots)
  const audits = createAuditQueue<SignedAuditCommit>({ slots, line: 0, waiting: validatorLimits.auditQueue })
  const gates = createAuditQueue<GateRow>({ slots, line: 1, waiting: validatorLimits.gateQueue })
  const context: ValidatorContext = {
    ...deps,
    facts: await sandbox.probe(closing.signal),
    chainFacts: createChainFacts(deps, { ageMs: validatorLimits.chainFactMs, facts: validatorLimits.chainFacts }),
    audits,
    gates,
    shownAtMs: new Map(),
    challenged: new Map(),
    closing: closing.signal,
  }
  await network.handle(protocols.advert, serveAdvert(createAdvertSource(context, auditSlots), closing.signal))
  await network.handle(protocols.validate, serveValidate(context))
  await network.announce([roleKey(chain.market, 'validator')], closing.signal)
  await serveClaimedBlobs(context)
  const background = Promise.all([sweep(context), proveFaults(context)])
  log.info({ validator: signer.address, auditSlots }, 'validator.opened')

  return {
    address: signer.address,
    status: () => ({
      address: signer.address,
      addresses: network.addresses(),
      peers: network.connected().length,
      auditSlots,
      pending: audits.size(),
      ...store.counts(),
    }),
    async [Symbol.asyncDispose]() {
      closing.abort(new Error('the validator is closing'))
      await Promise.all([audits.idle(), gates.idle(), background])
      log.info({ validator: signer.address }, 'validator.closed')
    },
  }
}

/** Forgets orders that became refundable long ago: nothing can be signed about them any more. */
async function sweep({ blobs, clock, closing, log, store }: ValidatorContext): Promise<void> {
  while (!closing.aborted) {
    try {
      const instant = unixMs(Math.max(0, after(clock.now(), -validatorLimits.keepOrderMs)))
      for (const orderId of store.claimedBefore(instant)) await blobs.release(claimOwner(orderId))
      const orders = store.forgetBefore(instant)
      if (orders > 0) log.info({ orders }, 'orders.forgotten')
      store.forgetGatesBefore(unixMs(Math.max(0, after(clock.now(), -validatorLimits.keepGateMs))))
    } catch (cause) {
      log.error({ error: cause }, 'sweep.broken')
    }
    await clock.sleep(durationMs(validatorLimits.sweepMs), closing).catch(() => undefined)
  }
}
