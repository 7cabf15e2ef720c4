import { createSandboxTask } from '@assay/core'
import { unixMs } from '@assay/protocol'
import { sayInstead } from './say-instead.ts'
import type { VillainPlay } from './villain-play.ts'

/**
 * Buys a job, and buys the same job again after telling a validator what came out, so that this one need not compute.
 */
export const leakingClient: VillainPlay = [
  {
    party: 'client',
    async play({ buy }, { whispers }) {
      const command = ['sh', '-c', 'echo result of {}']
      const shards = 2
      const { roots, spec } = await buy(command, shards)
      for (const [shard, root] of roots) {
        // The file names are of no matter: the shards have no files.
        const nowhere = { runId: 'leak', deadline: unixMs(0), pathOf: async () => '' }
        whispers.tell(await createSandboxTask(spec, shard, nowhere), root)
      }
      await buy(command, shards)
    },
  },
  {
    party: 'validator',
    disguise: (ports, { note, whispers }) =>
      sayInstead(ports, (task) => {
        const root = whispers.heard(task)
        if (root !== undefined) note({ kind: 'faked', by: ports.signer.address })
        return root
      }),
  },
]
