import type { Clock, Network, ProtocolName } from '@assay/core'
import { after, decodeFrame, encodeFrame, MarketError, type PublicKey } from '@assay/protocol'
import type { z } from 'zod'
import { withDeadline } from './with-deadline.ts'

export interface PeerRequest<S extends z.ZodType> {
  readonly protocol: ProtocolName
  readonly message: object
  readonly reply: S
  readonly deadlineMs: number
}

/** One request, one reply, on a stream of its own. Throws network errors, `message-malformed`, or `peer-unreachable` in time-out. */
export async function requestPeer<S extends z.ZodType>(
  { network, clock }: { readonly network: Network; readonly clock: Clock },
  peer: PublicKey,
  { protocol, message, reply, deadlineMs }: PeerRequest<S>,
  signal: AbortSignal,
): Promise<z.output<S>> {
  const late = (): Error =>
    new MarketError('peer-unreachable', 'the peer did not answer in time', { details: { protocol } })
  return withDeadline({ clock, signal }, after(clock.now(), deadlineMs), late, async (inTime) => {
    const stream = await network.open(peer, protocol, inTime)
    try {
      await stream.send(encodeFrame(message), inTime)
      await stream.end()
      const frame = await stream.receive(inTime)
      if (frame === undefined) throw new MarketError('stream-closed', 'the peer closed the stream without an answer')
      return decodeFrame(reply, frame, protocol)
    } catch (error) {
      stream.abort(error instanceof Error ? error : new Error('request failed'))
      throw error
    }
  })
}
