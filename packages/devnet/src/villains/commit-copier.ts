import type { FrameStream } from '@assay/core'
import {
  asHash,
  bytesToHex,
  decodeFrame,
  deriveCommitDigest,
  protocols,
  WorkReply,
  type Commitment,
} from '@assay/protocol'
import { hookNetwork, hookStream } from './hook-network.ts'
import { replaceCommit } from './replace-commit.ts'
import type { Stage, VillainPlay } from './villain-play.ts'

/**
 * Sends another provider's commitment as its own: by turns one that was made elsewhere, and one of this market that the
 * aggregator, its accomplice, lets it see.
 */
export const commitCopier: VillainPlay = [
  {
    party: 'provider',
    disguise(ports, stage) {
      let turns = 0
      return replaceCommit(ports, async (own) => {
        const { chain, rng, signer } = ports
        turns += 1
        const elsewhere = asHash<Commitment>(bytesToHex(rng.bytes(32)))
        const commitment = turns % 2 === 1 ? elsewhere : (stage.whispers.leaked(signer.address) ?? elsewhere)
        const { signature: _, ...commit } = { ...own, commitment }
        stage.note({ kind: 'faked', by: signer.address })
        return { ...commit, signature: await signer.sign(deriveCommitDigest(chain.market, commit)) }
      })
    },
  },
  {
    party: 'aggregator',
    disguise: (ports, stage) => ({
      ...ports,
      network: hookNetwork(ports.network, {
        open: async ({ protocol, inner }) =>
          protocol === protocols.work ? leakCommits(await inner(), stage) : inner(),
      }),
    }),
  },
]

/** Passes on what providers commit to, as it comes in. */
const leakCommits = (stream: FrameStream, { whispers }: Stage): FrameStream =>
  hookStream(stream, {
    receive(frame) {
      const reply = decodeFrame(WorkReply, frame, protocols.work)
      if (reply.type === 'committed') whispers.leak(reply.commit.provider, reply.commit.commitment)
      return frame
    },
  })
