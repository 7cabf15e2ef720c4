/** A container that is ready to start, made from a task. Parked ones, started ahead of need, will come from here too. */
import type { SandboxConditions, SandboxTask } from '@assay/core'
import { createContainerConfig } from './container-config.ts'
import { createContainer, type JobContainer } from './container.ts'
import type { LocalImage } from './image.ts'
import { createEnvironment } from './job-environment.ts'
import type { RunContext } from './run-context.ts'
import { createStub } from './stub-script.ts'

export interface PreparedContainer {
  readonly container: JobContainer
  /** Ends what the job prints: see `stub-script.ts`. */
  readonly marker: Buffer
}
export interface ContainerNeeds {
  readonly task: SandboxTask
  readonly image: LocalImage
  readonly conditions: SandboxConditions
  readonly cpuset: string
  /** Host folder that becomes `/in`. */
  readonly inputs: string
}

/** Creates it on the engine; whoever calls removes it. */
export async function prepareContainer(context: RunContext, needs: ContainerNeeds): Promise<PreparedContainer> {
  const { task, image, conditions, cpuset, inputs } = needs
  const { runnerId, staging, stubPath, runtime } = context
  const { architecture } = context.facts
  const environment = createEnvironment({ image: image.environment, task: task.env, conditions, architecture })
  const { words, marker } = createStub({ command: task.command, environment })
  const config = createContainerConfig({
    identity: { runnerId, owner: staging.owner, runId: task.runId, deadline: task.deadline },
    imageId: image.id,
    words,
    limits: task.limits,
    conditions,
    cpuset,
    stubPath,
    inputs,
    architecture,
    ...(runtime === undefined ? {} : { runtime }),
  })
  return { container: await createContainer(context.engine, config), marker }
}
