import type { SandboxTask } from '../ports/sandbox.ts'
import { byteCount, limits, shardCommand, shardInputs, type BlobRoot, type JobSpec, type UnixMs } from '@assay/protocol'

export interface TaskOptions {
  readonly runId: string
  readonly deadline: UnixMs
  /** Path of the file that holds an input's bytes. */
  readonly pathOf: (root: BlobRoot) => Promise<string>
}

/** The one way a shard becomes a container: provider and auditor must build the same task, or honest results differ. */
export async function createSandboxTask(spec: JobSpec, shard: number, options: TaskOptions): Promise<SandboxTask> {
  const { resources } = spec
  const inputs = []
  for (const { path, root, executable } of shardInputs(spec, shard))
    inputs.push({ path, executable, hostPath: await options.pathOf(root) })
  return {
    runId: options.runId,
    image: spec.image,
    command: shardCommand(spec, shard),
    env: spec.env,
    inputs,
    limits: {
      cpus: resources.cpus,
      memoryBytes: resources.memoryBytes,
      diskBytes: resources.diskBytes,
      pids: resources.pids,
      timeMs: spec.timeLimitMs,
      outputBytes: spec.outputBytes,
      stdoutBytes: byteCount(limits.stdoutBytes),
    },
    captureStdout: spec.captureStdout,
    deadline: options.deadline,
  }
}
