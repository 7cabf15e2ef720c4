import { isMarketError, MarketError, decodeError, protocols, recoverSigner, ValidatorReply } from '@assay/protocol'
import type { Address, Hex, Signature, ValidatorRequest } from '@assay/protocol'
import type { Context } from './context.ts'
import { requestPeer } from './request-peer.ts'

export interface ValidatorQuestion<T extends ReplyType> {
  readonly message: ValidatorRequest
  /** Kinds of answer that fit the question. */
  readonly expected: readonly T[]
  readonly deadlineMs: number
}
type ReplyType = Exclude<ValidatorReply['type'], 'error'>
export type ReplyOf<T extends ReplyType> = Extract<ValidatorReply, { type: T }>
type Asking = Pick<Context, 'network' | 'clock' | 'directory'>

/** Asks a validator; its typed refusal is thrown as the error it names. Throws `peer-unreachable` when it is not online. */
export async function askValidator<T extends ReplyType>(
  context: Asking,
  validator: Address,
  { message, expected, deadlineMs }: ValidatorQuestion<T>,
  signal: AbortSignal,
): Promise<ReplyOf<T>> {
  const peer = context.directory.node(validator)?.peer
  if (peer === undefined)
    throw new MarketError('peer-unreachable', 'this validator is not online', { details: { validator } })
  const request = { protocol: protocols.validate, message, reply: ValidatorReply, deadlineMs }
  const reply = await requestPeer(context, peer.publicKey, request, signal)
  if (reply.type === 'error') throw decodeError(reply.error)
  if (!isOf(reply, expected))
    throw new MarketError('message-malformed', 'the validator answered something else', {
      details: { got: reply.type },
    })
  return reply
}

const isOf = <T extends ReplyType>(reply: ValidatorReply, expected: readonly T[]): reply is ReplyOf<T> =>
  expected.some((type) => type === reply.type)

/** Puts one question to every member of the quorum at once; who fails to answer is logged as `missed` and left out. */
export async function askQuorum<T>(
  { log, quorum }: Pick<Context, 'log' | 'quorum'>,
  missed: string,
  ask: (validator: Address) => Promise<T>,
): Promise<readonly T[]> {
  const results = await Promise.allSettled(quorum.members.map(ask))
  return results.flatMap((result, at) => {
    if (result.status === 'fulfilled') return [result.value]
    const error: unknown = result.reason
    const { code, details } = isMarketError(error) ? error : { code: 'internal', details: {} }
    log.warn({ validator: quorum.members[at], code, details }, missed)
    return []
  })
}

/**
 * Signatures of the quorum on `digest`, sorted by signer, at least a threshold of them. Throws `settlement-unsigned`
 * when fewer members sign.
 */
export async function collectSignatures(
  context: Asking & Pick<Context, 'log' | 'quorum'>,
  digest: Hex,
  question: Pick<ValidatorQuestion<'signed'>, 'message' | 'deadlineMs'> & { readonly missed: string },
  signal: AbortSignal,
): Promise<readonly Signature[]> {
  const { message, deadlineMs, missed } = question
  const signed = await askQuorum(context, missed, async (validator) => {
    const { signature } = await askValidator(context, validator, { message, expected: ['signed'], deadlineMs }, signal)
    if (recoverSigner(digest, signature) !== validator)
      throw new MarketError('signature-invalid', 'not the validator’s own signature', { blame: 'validator' })
    return { validator, signature }
  })
  const need = context.quorum.threshold
  if (signed.length < need)
    throw new MarketError('settlement-unsigned', 'too few members of the quorum signed', {
      details: { have: signed.length, need },
    })
  return signed.toSorted((a, b) => (a.validator < b.validator ? -1 : 1)).map(({ signature }) => signature)
}
