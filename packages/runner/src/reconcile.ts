/** Finds and removes containers that nobody watches any more. The engine's list is the truth, not our memory. */
import { containerName, labelKeys, labelSchema } from './container-name.ts'
import { removeContainer } from './container.ts'
import { isOwnerAlive } from './owner.ts'
import type { RunContext } from './run-context.ts'
import { limits } from './limits.ts'

/** Kills and removes leftovers of this runner id whose owner is dead, or is us and has no live call. Returns how many. */
export async function reconcileContainers(context: RunContext, signal: AbortSignal): Promise<number> {
  const { engine, live, quarantine, runnerId, staging } = context
  const found = await engine.call('container list', { limitMs: limits.askMs, signal }, async (abortSignal) =>
    engine.docker.listContainers({
      all: true,
      filters: { label: [`${labelKeys.runner}=${runnerId}`, `${labelKeys.schema}=${labelSchema}`] },
      abortSignal,
    }),
  )
  const ids = new Set(found.map(({ Id }) => Id))
  for (const id of quarantine) if (!ids.has(id)) quarantine.delete(id)
  let removed = 0
  for (const { Id, Labels } of found) {
    const owner = Labels[labelKeys.owner] ?? ''
    const name = containerName({ runnerId, runId: Labels[labelKeys.run] ?? '' })
    const orphan = owner === staging.owner ? !live.has(name) : !isOwnerAlive(owner)
    if (orphan && (await removeContainer(engine, Id, quarantine))) removed += 1
  }
  return removed
}
