import { asHash, bytesToHex, deriveCommitDigest, type Commitment } from '@assay/protocol'
import { replaceCommit } from './replace-commit.ts'
import type { VillainPlay } from './villain-play.ts'

/** Signs a second commit for every attempt, to show whichever suits it. */
export const equivocator: VillainPlay = [
  {
    party: 'provider',
    disguise: (ports, stage) =>
      replaceCommit(ports, async (first) => {
        const { chain, rng, signer } = ports
        const { signature: _, ...commit } = { ...first, commitment: asHash<Commitment>(bytesToHex(rng.bytes(32))) }
        const second = { ...commit, signature: await signer.sign(deriveCommitDigest(chain.market, commit)) }
        stage.note({ kind: 'equivocated', by: signer.address, first, second })
        return first
      }),
  },
]
