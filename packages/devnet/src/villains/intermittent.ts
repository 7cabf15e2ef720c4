import { hexToBytes, keccakText } from '@assay/protocol'
import { fakeRuns } from './fake-runs.ts'
import type { VillainPlay } from './villain-play.ts'

/** Of 256 runs so many are faked: a third, so that a short market shows one. */
const fakesOf256 = 85

/** Fakes a share of its shards, drawn from the seed. */
export const intermittent: VillainPlay = [
  {
    party: 'provider',
    disguise(ports, stage) {
      const draw = (run: number): number =>
        hexToBytes(keccakText(`${stage.seed}/${ports.signer.address}/${run}`))[0] ?? 0
      return fakeRuns(ports, stage, { isFake: (run) => draw(run) < fakesOf256 })
    },
  },
]
