/** The Docker engine behind dockerode: every call has a time limit, every failure a market code. */
import Docker from 'dockerode'
import type { Clock } from '@assay/core'
import { durationMs } from '@assay/protocol'
import { engineTimeout, toEngineError } from './engine-error.ts'

/** How to reach the engine; default: `DOCKER_HOST`, else the usual socket. Binds need an engine on this host. */
export type EngineOptions = Docker.DockerOptions

/** One connection to an engine. */
export interface Engine {
  readonly docker: Docker
  /**
   * Makes one call. `work` hands its signal to dockerode. Throws `docker-unavailable` when there is no answer within
   * `limitMs`, the signal's reason when the caller aborts, and a refusal (see `engineRefusal`) as it is.
   */
  call<T>(
    name: string,
    options: { readonly limitMs: number; readonly signal: AbortSignal },
    work: (abortSignal: AbortSignal) => Promise<T>,
  ): Promise<T>
}

/** Makes no connection yet. `version` is left to the engine unless the options pin it. */
export function createEngine(deps: { readonly clock: Clock }, options: EngineOptions = {}): Engine {
  const docker = new Docker(options)
  return {
    docker,
    async call(name, { limitMs, signal }, work) {
      signal.throwIfAborted()
      const abort = new AbortController()
      const timer = new AbortController()
      let late = false
      const onAbort = (): void => abort.abort(signal.reason)
      signal.addEventListener('abort', onAbort, { once: true })
      const alarm = deps.clock.sleep(durationMs(limitMs), timer.signal).then(
        () => {
          late = true
          abort.abort()
        },
        () => undefined,
      )
      try {
        // dockerode honours the signal only once the request is on its way, so the race is ours as well.
        return await Promise.race([work(abort.signal), aborted(abort.signal)])
      } catch (error) {
        if (late) throw engineTimeout(name, limitMs)
        signal.throwIfAborted()
        throw toEngineError(error, name)
      } finally {
        signal.removeEventListener('abort', onAbort)
        timer.abort()
        await alarm
      }
    },
  }
}

async function aborted(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>()
  signal.addEventListener('abort', () => reject(new Error('call aborted')), { once: true })
  return promise
}
