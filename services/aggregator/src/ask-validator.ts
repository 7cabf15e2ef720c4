import {
  durationMs,
  isMarketError,
  MarketError,
  decodeError,
  protocols,
  recoverSigner,
  ValidatorReply,
} from '@assay/protocol'
import type { Address, Hex, Signature, ValidatorRequest } from '@assay/protocol'
import type { Context } from './context.ts'
import { aggregatorLimits as limits } from './limits.ts'
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

/**
 * Puts one question to every member of the quorum, or to those named, at once, and gives the answers of a threshold and of whoever is hardly
 * slower; who fails to answer is logged as `missed` and left out.
 */
export async function askQuorum<T>(
  context: Pick<Context, 'clock' | 'log' | 'quorum'>,
  { missed, members = context.quorum.members }: { readonly missed: string; readonly members?: readonly Address[] },
  ask: (validator: Address, signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
): Promise<readonly T[]> {
  const { clock, log, quorum } = context
  const answers: T[] = []
  const enough = Promise.withResolvers<void>()
  const over = new AbortController()
  const inTime = AbortSignal.any([signal, over.signal])
  const one = async (validator: Address): Promise<void> => {
    try {
      answers.push(await ask(validator, inTime))
      if (answers.length === quorum.threshold) enough.resolve()
    } catch (error) {
      const { code, details } = isMarketError(error) ? error : { code: 'internal', details: {} }
      log.warn({ validator, code, details }, missed)
    }
  }
  const all = Promise.all(members.map(one))
  const grace = enough.promise.then(async () => clock.sleep(durationMs(limits.quorumGraceMs), inTime))
  await Promise.race([all, grace.catch(() => undefined)])
  over.abort(new MarketError('peer-unreachable', 'the others of the quorum have answered'))
  await all
  signal.throwIfAborted()
  return answers
}

export interface SignQuestion {
  readonly digest: Hex
  readonly message: ValidatorRequest
  readonly deadlineMs: number
}

/** A validator's own signature on `digest`. Throws its refusal, or `signature-invalid`. */
export async function askToSign(
  context: Asking,
  validator: Address,
  { digest, message, deadlineMs }: SignQuestion,
  signal: AbortSignal,
): Promise<Signature> {
  const { signature } = await askValidator(context, validator, { message, expected: ['signed'], deadlineMs }, signal)
  return ownSignature(digest, validator, signature)
}

/** The signature, once it is sure to be the validator's own. Throws `signature-invalid`. */
export function ownSignature(digest: Hex, validator: Address, signature: Signature): Signature {
  if (recoverSigner(digest, signature) === validator) return signature
  throw new MarketError('signature-invalid', 'not the validator’s own signature', { blame: 'validator' })
}

/**
 * Signatures of the quorum, sorted by signer, at least a threshold of them. Who does not sign is logged as `missed`.
 * Throws `settlement-unsigned` when fewer members sign.
 */
export async function collectSignatures(
  context: Pick<Context, 'clock' | 'log' | 'quorum'>,
  missed: string,
  sign: (validator: Address, signal: AbortSignal) => Promise<Signature>,
  signal: AbortSignal,
): Promise<readonly Signature[]> {
  const ask = async (validator: Address, inTime: AbortSignal) => ({
    validator,
    signature: await sign(validator, inTime),
  })
  const signed = await askQuorum(context, { missed }, ask, signal)
  const need = context.quorum.threshold
  if (signed.length < need)
    throw new MarketError('settlement-unsigned', 'too few members of the quorum signed', {
      details: { have: signed.length, need },
    })
  return signed.toSorted((a, b) => (a.validator < b.validator ? -1 : 1)).map(({ signature }) => signature)
}
