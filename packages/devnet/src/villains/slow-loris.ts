import { durationMs } from '@assay/protocol'
import type { Sandbox } from '@assay/core'
import { hookSandbox } from './hook-sandbox.ts'
import type { VillainPlay } from './villain-play.ts'

/** Takes leases, starts nothing, and lets each run out. */
export const slowLoris: VillainPlay = [
  {
    party: 'provider',
    disguise(ports, stage) {
      const run: Sandbox['run'] = async (_task, signal) => {
        stage.note({ kind: 'withheld', by: ports.signer.address, what: 'work' })
        await untilAborted(signal)
        return {
          kind: 'failed',
          failure: 'cancelled',
          blame: 'provider',
          detail: 'nothing was run',
          durationMs: durationMs(0),
          stderrTail: '',
        }
      }
      return { ...ports, sandbox: hookSandbox(ports.sandbox, run) }
    },
  },
]

const untilAborted = async (signal: AbortSignal): Promise<void> => {
  if (!signal.aborted)
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
