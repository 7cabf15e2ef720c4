/** Bringing an archive that was made here into the engine. */
import { Readable } from 'node:stream'
import type { Clock } from '@assay/core'
import { MarketError } from '@assay/protocol'
import { createEngine, type EngineOptions } from './engine.ts'
import type { ImageArchive } from './image-archive.ts'
import { inspectImage } from './image.ts'
import { limits } from './limits.ts'
import { progressFailure } from './progress-failure.ts'

/**
 * `docker load`, unless the engine has the image. Returns its id, `sha256:…`. Throws `docker-unavailable`,
 * `docker-permission`, `image-refused` when the engine cannot load it, `image-digest-mismatch` when it gives another id.
 */
export async function loadImage(
  deps: { readonly clock: Clock; readonly engine?: EngineOptions },
  archive: ImageArchive,
  signal: AbortSignal,
): Promise<ImageArchive['imageId']> {
  const engine = createEngine(deps, deps.engine)
  const image = archive.imageId
  if ((await inspectImage(engine, image, signal)) !== undefined) return image
  const failure = await engine.call('image load', { limitMs: limits.pullMs, signal }, async () =>
    progressFailure(engine, await engine.docker.loadImage(Readable.from([archive.bytes]), { quiet: true })),
  )
  if (failure !== undefined) {
    throw new MarketError('image-refused', 'the engine cannot load the archive', {
      details: { image, engine: failure.slice(0, limits.detailChars) },
    })
  }
  if ((await inspectImage(engine, image, signal)) === undefined) {
    throw new MarketError('image-digest-mismatch', 'the engine gave the image another id', { details: { image } })
  }
  return image
}
