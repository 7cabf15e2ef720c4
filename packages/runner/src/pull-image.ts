/** Pulling by digest. */
import { MarketError } from '@assay/protocol'
import { engineRefusal } from './engine-error.ts'
import type { Engine } from './engine.ts'
import { limits } from './limits.ts'
import { progressFailure } from './progress-failure.ts'

/** Pulls `name@digest`. Throws `image-unknown`, `image-digest-mismatch`; the caller still checks what arrived. */
export async function pullImage(
  engine: Engine,
  ref: { readonly name: string; readonly digest: string },
  signal: AbortSignal,
): Promise<void> {
  const image = `${ref.name}@${ref.digest}`
  try {
    await engine.call('image pull', { limitMs: limits.pullMs, signal }, async (abortSignal) => {
      const failure = await progressFailure(engine, await engine.docker.createImage({ fromImage: image, abortSignal }))
      if (failure !== undefined) throw pullError(image, failure)
    })
  } catch (error) {
    const refusal = engineRefusal(error)
    throw refusal === undefined ? error : pullError(image, refusal.message)
  }
}

function pullError(image: string, message: string): MarketError {
  const mismatch = /digest|verification|mismatch|does not match/i.test(message) && !/not found|unknown/i.test(message)
  return new MarketError(
    mismatch ? 'image-digest-mismatch' : 'image-unknown',
    mismatch ? 'the registry served something else than the digest names' : 'the image cannot be pulled',
    { details: { image, engine: message.slice(0, limits.detailChars) } },
  )
}
