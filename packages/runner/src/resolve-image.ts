/** From a name that people use to the digest that a job pins. */
import type { Clock, ImageRef } from '@assay/core'
import { MarketError } from '@assay/protocol'
import { createEngine, type EngineOptions } from './engine.ts'
import { inspectImage } from './image.ts'

export interface ResolvedImage {
  /** Content address of the image on this engine: enough for providers that have it too. */
  readonly id: ImageRef
  /** `name@sha256:…` when the image came from a registry, so that any provider can pull it; else `id`. */
  readonly pinned: ImageRef
}

/**
 * Looks a local image up by tag, id or digest (`python:3`). Pulls nothing.
 * Throws `image-unknown`, `docker-unavailable`, `docker-permission`.
 */
export async function resolveImage(
  deps: { readonly clock: Clock; readonly engine?: EngineOptions },
  reference: string,
  signal: AbortSignal,
): Promise<ResolvedImage> {
  const engine = createEngine(deps, deps.engine)
  const found = await inspectImage(engine, reference, signal)
  if (found === undefined) {
    throw new MarketError('image-unknown', 'the engine has no image of this name', {
      details: { image: reference.slice(0, 200), command: 'docker pull <image>' },
    })
  }
  return { id: found.Id, pinned: found.RepoDigests?.[0] ?? found.Id }
}
