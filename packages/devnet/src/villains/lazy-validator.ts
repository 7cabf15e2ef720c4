import { asHash, keccakText, type ResultRoot } from '@assay/protocol'
import { sayInstead } from './say-instead.ts'
import type { VillainPlay } from './villain-play.ts'

/** Attests a guess without running anything. */
export const lazyValidator: VillainPlay = [
  {
    party: 'validator',
    disguise: (ports, stage) =>
      sayInstead(ports, (task) => {
        stage.note({ kind: 'faked', by: ports.signer.address })
        return asHash<ResultRoot>(keccakText(`${stage.seed}/${ports.signer.address}/${task.runId}`))
      }),
  },
]
