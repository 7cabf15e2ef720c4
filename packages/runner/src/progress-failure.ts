/** The engine reports failures inside a successful answer, so every event is read. */
import type { Engine } from './engine.ts'

/** Reads a stream of progress events to its end and returns the first error among them. */
export async function progressFailure(engine: Engine, stream: NodeJS.ReadableStream): Promise<string | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>()
  let failure: string | undefined
  engine.docker.modem.followProgress(
    stream,
    (error) => (error ? reject(error) : resolve(failure)),
    (event: unknown) => (failure ??= eventError(event)),
  )
  return promise
}

function eventError(event: unknown): string | undefined {
  if (typeof event !== 'object' || event === null || !('error' in event)) return undefined
  return typeof event.error === 'string' ? event.error : 'unknown error'
}
