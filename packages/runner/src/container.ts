/** One container on the engine, from creation to removal. */
import type { Container, ContainerCreateOptions } from 'dockerode'
import { engineRefusal } from './engine-error.ts'
import type { Engine } from './engine.ts'
import { limits } from './limits.ts'

/** Ids or names of containers that the engine failed to remove. */
export type Quarantine = Set<string>

/** A container that exists and has not been started. */
export interface JobContainer {
  readonly id: string
  /** Output from the first byte on: attach before `start`. */
  attach(signal: AbortSignal): Promise<NodeJS.ReadableStream>
  /** Gives the reason when the image or the command makes a start impossible; other refusals are thrown. */
  start(signal: AbortSignal): Promise<string | undefined>
  /** Status of PID 1. To be called after `start`, without a condition: `next-exit` beside a start can hang for ever. */
  wait(limitMs: number, signal: AbortSignal): Promise<number>
  /** SIGKILL; nothing when it has ended already. */
  kill(signal: AbortSignal): Promise<void>
  wasOomKilled(signal: AbortSignal): Promise<boolean>
}

/**
 * Creates a container. The engine refuses a name that exists. Cannot be aborted: a request that is cut off may still
 * create one that nobody knows.
 */
export async function createContainer(engine: Engine, config: ContainerCreateOptions): Promise<JobContainer> {
  const call = { limitMs: limits.createMs, signal: unstoppable }
  const { name, ...body } = config
  const container = await engine.call('container create', call, async (abortSignal) => {
    // Left to itself dockerode repeats the whole request in the address, which the engine refuses when it is long.
    const request = { _query: { name }, _body: body, abortSignal }
    return engine.docker.createContainer(request)
  })
  return {
    id: container.id,
    attach: async (stop) =>
      engine.call('container attach', { limitMs: limits.attachMs, signal: stop }, async (abortSignal) =>
        container.attach({ stream: true, stdout: true, stderr: true, abortSignal }),
      ),
    start: async (stop) => startContainer(engine, container, stop),
    wait: async (limitMs, stop) =>
      engine.call('container wait', { limitMs, signal: stop }, async (abortSignal) => {
        const answer: unknown = await container.wait({ abortSignal })
        return statusOf(answer)
      }),
    kill: async (stop) => killContainer(engine, container, stop),
    wasOomKilled: async (stop) =>
      engine.call('container inspect', { limitMs: limits.askMs, signal: stop }, async (abortSignal) => {
        const { State } = await container.inspect({ abortSignal })
        return State.OOMKilled
      }),
  }
}

/**
 * Removes a container by id or name, running or not, with its volumes. Never throws: what the engine cannot remove
 * joins the quarantine, and is tried again at the next reconciliation.
 */
export async function removeContainer(engine: Engine, name: string, quarantine: Quarantine): Promise<boolean> {
  try {
    await engine.call('container remove', { limitMs: limits.removeMs, signal: unstoppable }, async (abortSignal) => {
      await engine.docker.getContainer(name).remove({ force: true, v: true, abortSignal })
    })
  } catch (error) {
    const status = engineRefusal(error)?.status
    // 404: gone. 409: its removal is under way.
    if (status !== 404 && status !== 409) {
      quarantine.add(name)
      return false
    }
  }
  quarantine.delete(name)
  return true
}

/** Clean-up goes on when the caller has lost interest. */
export const unstoppable: AbortSignal = new AbortController().signal

async function startContainer(engine: Engine, container: Container, signal: AbortSignal): Promise<string | undefined> {
  try {
    await engine.call('container start', { limitMs: limits.startMs, signal }, async (abortSignal) => {
      await container.start({ abortSignal })
    })
    return undefined
  } catch (error) {
    const refusal = engineRefusal(error)
    if (refusal === undefined) throw error
    // 400: the engine's answer to a working directory, mount point or argument list that cannot be.
    if (refusal.status === 400 || /argument list too long|chdir to cwd/.test(refusal.message)) return refusal.message
    throw error
  }
}

async function killContainer(engine: Engine, container: Container, signal: AbortSignal): Promise<void> {
  try {
    await engine.call('container kill', { limitMs: limits.killMs, signal }, async (abortSignal) => {
      await container.kill({ signal: 'SIGKILL', abortSignal })
    })
  } catch (error) {
    const status = engineRefusal(error)?.status
    if (status !== 404 && status !== 409) throw error
  }
}

function statusOf(answer: unknown): number {
  const status = typeof answer === 'object' && answer !== null && 'StatusCode' in answer ? answer.StatusCode : undefined
  if (typeof status !== 'number') throw new Error('the engine gave no exit status')
  return status
}
