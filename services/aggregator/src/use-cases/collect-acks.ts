import { checkAck } from '@assay/core'
import { durationMs, isMarketError, MarketError, type Address, type Envelope } from '@assay/protocol'
import type { ReplyOf } from '../ask-validator.ts'
import type { Context } from '../context.ts'
import { aggregatorLimits as limits } from '../limits.ts'
import type { EpochRow } from '../store/records.ts'
import { noteRefusal } from './note-fault.ts'
import { proposeTo } from './propose-to.ts'

/** What the quorum said to a proposal before its seed round. */
export interface QuorumAnswer {
  /** Acknowledgements that count, one a member. */
  readonly acks: readonly Envelope[]
  readonly refusals: readonly ReplyOf<'refused'>[]
}

/**
 * Asks every member, and again who did not answer, until all have, the seed round comes, or rates that were refused leave
 * no way to a quorum. Who has not acknowledged will not audit either, so a threshold alone could leave a panel without
 * seats. An acknowledgement that does not hold is as good as none.
 */
export async function collectAcks(context: Context, epoch: EpochRow, signal: AbortSignal): Promise<QuorumAnswer> {
  const { beacon, clock, log, quorum } = context
  const acks = new Map<Address, Envelope>(epoch.acks.map((ack) => [ack.signer, ack]))
  const refusals = new Map<Address, ReplyOf<'refused'>>()
  const seedAt = beacon.timeOf(epoch.seedRound)
  const ask = async (validator: Address): Promise<void> => {
    try {
      const deadlineMs = Math.min(limits.validatorReplyMs, Math.max(1, seedAt - clock.now()))
      const reply = await proposeTo(context, validator, { epoch, deadlineMs }, signal)
      if (reply.type === 'refused') refusals.set(validator, reply)
      else acks.set(validator, checkedAck(context, epoch, validator, reply.ack))
    } catch (error) {
      signal.throwIfAborted()
      if (isMarketError(error)) noteRefusal(context, validator, error)
      log.warn({ validator, code: isMarketError(error) ? error.code : 'internal' }, 'acknowledgement.missed')
    }
  }
  for (;;) {
    const waiting = quorum.members.filter((member) => !acks.has(member) && !refusals.has(member))
    await Promise.all(waiting.map(ask))
    const hopeless = quorum.members.length - refusals.size < quorum.threshold && asksForRates(refusals.values())
    const all = acks.size + refusals.size === quorum.members.length
    if (all || hopeless || clock.now() >= seedAt) break
    await clock.sleep(durationMs(Math.min(limits.retryMs, seedAt - clock.now())), signal)
  }
  for (const [validator, { error }] of refusals)
    log.warn({ validator, code: error.code, details: error.details }, 'epoch.refused')
  return { acks: [...acks.values()], refusals: [...refusals.values()] }
}

const asksForRates = (refusals: Iterable<ReplyOf<'refused'>>): boolean =>
  [...refusals].some(({ required }) => required.length > 0)

function checkedAck(
  { chain, quorum }: Context,
  { digest, seedRound }: EpochRow,
  validator: Address,
  ack: Envelope,
): Envelope {
  const check = checkAck(ack, { market: chain.market, quorum, digest, seedRound })
  if (check.ok && check.validator === validator) return ack
  throw new MarketError('signature-invalid', 'the acknowledgement does not count', {
    blame: 'validator',
    details: { validator, reason: check.ok ? 'signer' : check.fault },
  })
}
