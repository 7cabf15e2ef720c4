import type { AggregatorDeps } from '@assay/aggregator'
import type { FrameStream } from '@assay/core'
import {
  decodeFrame,
  deriveAddress,
  encodeFrame,
  protocols,
  ValidatorReply,
  ValidatorRequest,
  type PublicKey,
} from '@assay/protocol'
import { hookNetwork, type OpenCall } from './hook-network.ts'
import type { Stage } from './villain-play.ts'

/** What an aggregator villain says to a validator after it said the honest thing; `undefined` is nothing more. */
export type Forge = (honest: ValidatorRequest) => Promise<ValidatorRequest | undefined>

/**
 * An aggregator that, for every request to a validator, also tries a forged one on a stream of its own, and notes the
 * answer. The honest request goes its way, so that the market shows what the forgery changed: nothing.
 */
export function forgeRequest(ports: AggregatorDeps, stage: Stage, forge: Forge): AggregatorDeps {
  const network = hookNetwork(ports.network, {
    open: async (call) => (call.protocol === protocols.validate ? alsoForge(call, stage, forge) : call.inner()),
  })
  return { ...ports, network }
}

async function alsoForge(call: OpenCall, stage: Stage, forge: Forge): Promise<FrameStream> {
  const stream = await call.inner()
  let asked: ValidatorRequest | undefined
  return {
    async send(frame, signal) {
      asked = decodeFrame(ValidatorRequest, frame, protocols.validate)
      await stream.send(frame, signal)
    },
    async receive(signal) {
      const frame = await stream.receive(signal)
      const forged = asked && (await forge(asked))
      asked = undefined
      if (forged !== undefined) await exchange(call, stage, forged, signal)
      return frame
    },
    end: async () => stream.end(),
    abort: (reason) => stream.abort(reason),
  }
}

async function exchange(call: OpenCall, stage: Stage, forged: ValidatorRequest, signal: AbortSignal): Promise<void> {
  const stream = await call.inner()
  await stream.send(encodeFrame(forged), signal)
  await stream.end()
  const frame = await stream.receive(signal)
  if (frame !== undefined) stage.note(answerOf(decodeFrame(ValidatorReply, frame, protocols.validate), call.peer))
}

function answerOf(reply: ValidatorReply, peer: PublicKey): Parameters<Stage['note']>[0] {
  const from = deriveAddress(peer)
  const error = reply.type === 'error' || reply.type === 'refused' ? reply.error : undefined
  const reason = error === undefined ? reply.type : String(error.details['reason'] ?? '')
  return { kind: 'answered', from, code: error?.code ?? 'none', reason }
}
