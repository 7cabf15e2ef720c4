import type { FrameStream } from '@assay/core'
import { decodeFrame, MarketError, protocols, ValidatorReply, type Address } from '@assay/protocol'
import { hookNetwork, hookStream } from './hook-network.ts'
import type { Stage, VillainPlay } from './villain-play.ts'

/** Commits to a result in every audit and shows none: an honest result helps no friend of a cheat. */
export const selectiveRevealer: VillainPlay = [
  {
    party: 'validator',
    disguise: (ports, stage) => ({
      ...ports,
      network: hookNetwork(ports.network, {
        serve: (protocol, handler) =>
          protocol !== protocols.validate
            ? handler
            : async (stream, remote, signal) => handler(keepBack(stream, stage, ports.signer.address), remote, signal),
      }),
    }),
  },
]

const keepBack = (stream: FrameStream, stage: Stage, by: Address): FrameStream =>
  hookStream(stream, {
    async send(frame) {
      if (decodeFrame(ValidatorReply, frame, protocols.validate).type !== 'attested') return frame
      stage.note({ kind: 'withheld', by, what: 'an attestation' })
      throw new MarketError('stream-closed', 'not shown')
    },
  })
