import { asHash, keccakText, type ResultRoot } from '@assay/protocol'
import { sayOtherwise } from './say-instead.ts'
import type { ValidatorRole, VillainPlay } from './villain-play.ts'

const framer: ValidatorRole = {
  party: 'validator',
  disguise: (ports, stage) =>
    sayOtherwise(ports, (root) => {
      stage.note({ kind: 'faked', by: ports.signer.address })
      return asHash<ResultRoot>(keccakText(`${stage.seed}/framed/${root}`))
    }),
}

/** Two validators attest the same wrong root for every shard, to convict whoever computed it. */
export const framingValidators: VillainPlay = [framer, framer]
