import { asHash, keccakText, type ResultRoot } from '@assay/protocol'
import { sayOtherwise } from './say-instead.ts'
import type { VillainPlay } from './villain-play.ts'

/** Runs every shard and attests another root. */
export const lyingValidator: VillainPlay = [
  {
    party: 'validator',
    disguise: (ports, stage) =>
      sayOtherwise(ports, (root) => {
        stage.note({ kind: 'faked', by: ports.signer.address })
        return asHash<ResultRoot>(keccakText(`${stage.seed}/${ports.signer.address}/${root}`))
      }),
  },
]
