import type { ProtocolName } from '@assay/core'
import {
  decodeError,
  decodeFrame,
  encodeFrame,
  MarketError,
  ValidatorReply,
  type PublicKey,
  type ValidatorRequest,
} from '@assay/protocol'
import { protocols } from '@assay/protocol'
import type { z } from 'zod'
import type { Context } from './context.ts'
import { withDeadline } from './tasks.ts'

/** One request, one reply, on a stream of its own. Throws network errors, `message-malformed`, or `peer-unreachable` in time-out. */
export async function requestPeer<S extends z.ZodType>(
  { network, clock }: Pick<Context, 'network' | 'clock'>,
  peer: PublicKey,
  request: {
    readonly protocol: ProtocolName
    readonly message: object
    readonly reply: S
    readonly deadlineMs: number
  },
  signal: AbortSignal,
): Promise<z.output<S>> {
  const late = () =>
    new MarketError('peer-unreachable', 'the peer did not answer in time', { details: { protocol: request.protocol } })
  return withDeadline(clock, request.deadlineMs, signal, late, async (inner) => {
    const stream = await network.open(peer, request.protocol, inner)
    try {
      await stream.send(encodeFrame(request.message), inner)
      await stream.end()
      const frame = await stream.receive(inner)
      if (frame === undefined) throw new MarketError('stream-closed', 'the peer closed the stream without an answer')
      return decodeFrame(request.reply, frame, request.protocol)
    } catch (error) {
      stream.abort(error instanceof Error ? error : new Error('request failed'))
      throw error
    }
  })
}

/** Asks a validator; its typed refusal is thrown as the error it names. */
export async function askValidator<T extends Exclude<ValidatorReply['type'], 'error'>>(
  context: Pick<Context, 'network' | 'clock'>,
  peer: PublicKey,
  message: ValidatorRequest,
  expected: readonly T[],
  deadlineMs: number,
  signal: AbortSignal,
): Promise<Extract<ValidatorReply, { type: T }>> {
  const protocol = protocols.validate
  const reply = await requestPeer(context, peer, { protocol, message, reply: ValidatorReply, deadlineMs }, signal)
  if (reply.type === 'error') throw decodeError(reply.error)
  const fits = (value: ValidatorReply): value is Extract<ValidatorReply, { type: T }> =>
    expected.some((type) => type === value.type)
  if (!fits(reply))
    throw new MarketError('message-malformed', 'the validator answered something else', {
      details: { got: reply.type },
    })
  return reply
}
