/** Pulling by digest. The engine reports failures inside a successful answer, so every event is read. */
import { MarketError } from '@assay/protocol'
import { engineRefusal } from './engine-error.ts'
import type { Engine } from './engine.ts'
import { limits } from './limits.ts'

/** Pulls `name@digest`. Throws `image-unknown`, `image-digest-mismatch`; the caller still checks what arrived. */
export async function pullImage(
  engine: Engine,
  ref: { readonly name: string; readonly digest: string },
  signal: AbortSignal,
): Promise<void> {
  const image = `${ref.name}@${ref.digest}`
  try {
    await engine.call('image pull', { limitMs: limits.pullMs, signal }, async (abortSignal) => {
      const stream = await engine.docker.createImage({ fromImage: image, abortSignal })
      const failure = await pullFailure(engine, stream)
      if (failure !== undefined) throw pullError(image, failure)
    })
  } catch (error) {
    const refusal = engineRefusal(error)
    throw refusal === undefined ? error : pullError(image, refusal.message)
  }
}

/** The first error among the events of a pull. */
async function pullFailure(engine: Engine, stream: NodeJS.ReadableStream): Promise<string | undefined> {
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

function pullError(image: string, message: string): MarketError {
  const mismatch = /digest|verification|mismatch|does not match/i.test(message) && !/not found|unknown/i.test(message)
  return new MarketError(
    mismatch ? 'image-digest-mismatch' : 'image-unknown',
    mismatch ? 'the registry served something else than the digest names' : 'the image cannot be pulled',
    { details: { image, engine: message.slice(0, limits.detailChars) } },
  )
}
