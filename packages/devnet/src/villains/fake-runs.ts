import type { Sandbox } from '@assay/core'
import type { ProviderDeps } from '@assay/provider'
import { hookSandbox } from './hook-sandbox.ts'
import { spoilResult, type SpoilFrom } from './spoil-result.ts'
import type { Stage } from './villain-play.ts'

/** When a provider fakes, counting its runs from 0, and how much of a result. */
export interface FakeRunsOptions {
  readonly isFake: (run: number) => boolean
  /** Default: all of it. */
  readonly from?: SpoilFrom
}

/** A provider whose sandbox makes results up. What is made up is told to accomplices. */
export function fakeRuns(ports: ProviderDeps, stage: Stage, { isFake, from = () => 0 }: FakeRunsOptions): ProviderDeps {
  const { sandbox, signer } = ports
  let runs = 0
  const run: Sandbox['run'] = async (task, signal, observe) => {
    const turn = runs
    runs += 1
    const outcome = await sandbox.run(task, signal, observe)
    if (outcome.kind !== 'ok' || !isFake(turn)) return outcome
    const faked = await spoilResult(outcome, `${stage.seed}/${signer.address}/${task.runId}`, from)
    stage.whispers.tell(task, faked.resultRoot)
    stage.note({ kind: 'faked', by: signer.address })
    return faked
  }
  return { ...ports, sandbox: hookSandbox(sandbox, run) }
}
