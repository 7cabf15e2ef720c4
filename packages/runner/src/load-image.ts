/** Bringing an archive that was made here into the engine. */
import { Readable } from 'node:stream'
import type { Clock } from '@assay/core'
import { MarketError } from '@assay/protocol'
import { createEngine, type EngineOptions } from './engine.ts'
import type { ImageArchive } from './image-archive.ts'
import { inspectImage } from './image.ts'
import { limits } from './limits.ts'

/**
 * `docker load`, unless the engine has the image. Returns its id, `sha256:…`. Throws `docker-unavailable`,
 * `docker-permission`, `image-digest-mismatch` when the engine gives it another id.
 */
export async function loadImage(
  deps: { readonly clock: Clock; readonly engine?: EngineOptions },
  archive: ImageArchive,
  signal: AbortSignal,
): Promise<string> {
  const engine = createEngine(deps, deps.engine)
  if ((await inspectImage(engine, archive.imageId, signal)) !== undefined) return archive.imageId
  await engine.call('image load', { limitMs: limits.pullMs, signal }, async () => {
    const stream = await engine.docker.loadImage(Readable.from([archive.bytes]), { quiet: true })
    const { promise, resolve, reject } = Promise.withResolvers<undefined>()
    engine.docker.modem.followProgress(stream, (error, events) => {
      const failure: unknown = events.find((event) => event.error !== undefined)?.error
      if (error || failure) reject(error ?? new Error(String(failure)))
      else resolve(undefined)
    })
    await promise
  })
  if ((await inspectImage(engine, archive.imageId, signal)) === undefined)
    throw new MarketError('image-digest-mismatch', 'the engine gave the image another id', {
      details: { image: archive.imageId },
    })
  return archive.imageId
}
