import type { Sandbox, SandboxTask } from '@assay/core'
import { durationMs, type ResultRoot } from '@assay/protocol'
import type { ValidatorDeps } from '@assay/validator'
import { hookSandbox } from './hook-sandbox.ts'

/** What a validator says that a shard gives, without running it; `undefined` runs it. */
export type Say = (task: SandboxTask) => ResultRoot | undefined

/** A validator that attests what it is told to, and runs only what it has no word on. */
export function sayInstead(ports: ValidatorDeps, say: Say): ValidatorDeps {
  const { sandbox } = ports
  const run: Sandbox['run'] = async (task, signal, observe) => {
    const root = say(task)
    return root === undefined ? sandbox.run(task, signal, observe) : pretend(root)
  }
  return { ...ports, sandbox: hookSandbox(sandbox, run) }
}

/** A validator that runs every shard and attests something else. */
export function sayOtherwise(ports: ValidatorDeps, change: (root: ResultRoot) => ResultRoot): ValidatorDeps {
  const { sandbox } = ports
  const run: Sandbox['run'] = async (task, signal, observe) => {
    const outcome = await sandbox.run(task, signal, observe)
    return outcome.kind === 'ok' ? { ...outcome, resultRoot: change(outcome.resultRoot) } : outcome
  }
  return { ...ports, sandbox: hookSandbox(sandbox, run) }
}

/** An outcome that nothing stands behind: a validator looks at its root alone. */
const pretend = (resultRoot: ResultRoot): Awaited<ReturnType<Sandbox['run']>> => ({
  kind: 'ok',
  manifest: { entries: [] },
  resultRoot,
  files: new Map(),
  durationMs: durationMs(0),
  stderrTail: '',
  dispose: async () => undefined,
})
