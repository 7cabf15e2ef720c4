/** What makes a task impossible before a container exists. */
import type { SandboxFacts, SandboxTask } from '@assay/core'
import type { RunVerdict } from './classify-run.ts'
import { limits } from './limits.ts'

/** A fault of the task, or of this machine for it; `undefined` when it can be tried. */
export function taskFault(task: SandboxTask, facts: SandboxFacts): Extract<RunVerdict, { kind: 'failed' }> | undefined {
  const words = commandFault(task)
  if (words !== undefined) return { kind: 'failed', failure: 'command-invalid', blame: 'client', detail: words }
  const { memoryBytes, diskBytes, pids, cpus, timeMs } = task.limits
  if (memoryBytes < limits.memoryFloorBytes) {
    const detail = `memory limit below ${limits.memoryFloorBytes} bytes`
    return { kind: 'failed', failure: 'memory-limit', blame: 'client', detail }
  }
  if (![diskBytes, pids, cpus, timeMs].every((limit) => Number.isSafeInteger(limit) && limit > 0)) {
    return { kind: 'failed', failure: 'command-invalid', blame: 'client', detail: 'a limit is not a positive integer' }
  }
  if (cpus > facts.cpus || memoryBytes > facts.memoryBytes) {
    const detail = `this machine has ${facts.cpus} milli-CPUs and ${facts.memoryBytes} bytes of memory`
    return { kind: 'failed', failure: 'engine-fault', blame: 'provider', detail }
  }
  return undefined
}

function commandFault({ command, env }: SandboxTask): string | undefined {
  if (command.length === 0 || command[0] === '') return 'the command is empty'
  const names = Object.keys(env)
  if (names.some((name) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)))
    return 'an environment variable has a malformed name'
  const words = [...command, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)]
  if (words.some((word) => word.includes('\0'))) return 'a command word or variable holds a NUL'
  const sizes = words.map((word) => Buffer.byteLength(word) + 1)
  if (sizes.some((size) => size > limits.wordBytes))
    return `a command word or variable exceeds ${limits.wordBytes} bytes`
  if (sizes.reduce((sum, size) => sum + size, 0) > limits.commandBytes) {
    return `command and environment exceed ${limits.commandBytes} bytes`
  }
  return undefined
}
