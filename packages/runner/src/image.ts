/** Images: found by digest, pulled by digest, refused when a sandbox cannot hold them. */
import type { ImageInspectInfo } from 'dockerode'
import type { ImageRef, SandboxFacts } from '@assay/core'
import { MarketError } from '@assay/protocol'
import { engineRefusal } from './engine-error.ts'
import type { Engine } from './engine.ts'
import { parseImageRef, type ParsedImageRef } from './image-ref.ts'
import { limits } from './limits.ts'
import { pullImage } from './pull-image.ts'

/** An image on this engine that is what its digest says. */
export interface LocalImage {
  readonly id: string
  /** `NAME=value` lines. */
  readonly environment: readonly string[]
}

/**
 * The image on this engine, pulled when it has a name and is not there yet.
 * Throws `image-unknown`, `image-digest-mismatch`, `image-refused`.
 */
export async function ensureImage(
  engine: Engine,
  image: ImageRef,
  facts: SandboxFacts,
  signal: AbortSignal,
): Promise<LocalImage> {
  const ref = parseImageRef(image)
  const local = await findImage(engine, ref, signal)
  if (local !== undefined) return acceptImage(local, image, facts)
  if (ref.name === undefined) {
    throw new MarketError(
      'image-unknown',
      'no image with this digest is on the engine, and no name says where to pull it',
      {
        details: { image },
      },
    )
  }
  await pullImage(engine, { name: ref.name, digest: ref.digest }, signal)
  const pulled = await findImage(engine, ref, signal)
  if (pulled === undefined) {
    throw new MarketError('image-digest-mismatch', 'what was pulled does not have this digest', { details: { image } })
  }
  return acceptImage(pulled, image, facts)
}

/** The image if it is on this engine, without pulling. Throws as `ensureImage` does. */
export async function requireImage(
  engine: Engine,
  image: ImageRef,
  facts: SandboxFacts,
  signal: AbortSignal,
): Promise<LocalImage> {
  const local = await findImage(engine, parseImageRef(image), signal)
  if (local === undefined) {
    throw new MarketError('image-unknown', 'the image is not on the engine', { details: { image } })
  }
  return acceptImage(local, image, facts)
}

/** By image id (the digest of the config, or of the manifest on newer stores), else by repository digest. */
async function findImage(
  engine: Engine,
  ref: ParsedImageRef,
  signal: AbortSignal,
): Promise<ImageInspectInfo | undefined> {
  const names = ref.name === undefined ? [ref.digest] : [ref.digest, `${ref.name}@${ref.digest}`]
  for (const name of names) {
    const found = await inspectImage(engine, name, signal)
    if (found !== undefined && hasDigest(found, ref.digest)) return found
  }
  if (ref.name !== undefined) return undefined
  const all = await engine.call('image list', { limitMs: limits.askMs, signal }, async (abortSignal) =>
    engine.docker.listImages({ digests: true, abortSignal }),
  )
  const listed = all.find((one) => one.RepoDigests?.some((digest) => digest.endsWith(`@${ref.digest}`)))
  return listed === undefined ? undefined : inspectImage(engine, listed.Id, signal)
}

/** `undefined` when the engine has no such image. */
export async function inspectImage(
  engine: Engine,
  name: string,
  signal: AbortSignal,
): Promise<ImageInspectInfo | undefined> {
  try {
    return await engine.call('image inspect', { limitMs: limits.askMs, signal }, async () =>
      engine.docker.getImage(name).inspect(),
    )
  } catch (error) {
    if (engineRefusal(error)?.status === 404) return undefined
    throw error
  }
}

const hasDigest = (image: ImageInspectInfo, digest: string): boolean =>
  image.Id === digest || (image.RepoDigests ?? []).some((one) => one.endsWith(`@${digest}`))

function acceptImage(found: ImageInspectInfo, image: ImageRef, facts: SandboxFacts): LocalImage {
  const refuse = (reason: string): never => {
    throw new MarketError('image-refused', `the sandbox refuses this image: ${reason}`, { details: { image, reason } })
  }
  // A volume is a writable host directory without a size.
  if (Object.keys(found.Config.Volumes ?? {}).length > 0) refuse('it declares a volume')
  if (found.Os !== 'linux') refuse(`it is for ${found.Os}`)
  if ((architectures[found.Architecture] ?? found.Architecture) !== facts.architecture) {
    refuse(`it is for ${found.Architecture}, the engine is ${facts.architecture}`)
  }
  if (found.Size > limits.imageBytes) refuse(`it is larger than ${limits.imageBytes} bytes`)
  return { id: found.Id, environment: found.Config.Env ?? [] }
}

/** Image names of architectures to the kernel's. */
const architectures: Readonly<Record<string, string>> = { amd64: 'x86_64', arm64: 'aarch64' }
