import { blobPutProtocol } from '@assay/blobs'
import type { FrameStream } from '@assay/core'
import { encodeFrame } from '@assay/protocol'
import { hookNetwork } from './hook-network.ts'
import type { VillainPlay } from './villain-play.ts'

/** Commits, and never delivers the sealed result: its own service is told that the aggregator has it. */
export const dataWithholder: VillainPlay = [
  {
    party: 'provider',
    disguise(ports, stage) {
      const network = hookNetwork(ports.network, {
        open: async ({ protocol, inner }) => {
          if (protocol !== blobPutProtocol) return inner()
          stage.note({ kind: 'withheld', by: ports.signer.address, what: 'the sealed result' })
          return answerStored()
        },
      })
      return { ...ports, network }
    },
  },
]

/** A stream that swallows everything and says `stored`. */
function answerStored(): FrameStream {
  const answers = [encodeFrame({ type: 'stored' })]
  return {
    send: async () => undefined,
    receive: async () => answers.shift(),
    end: async () => undefined,
    abort: () => undefined,
  }
}
