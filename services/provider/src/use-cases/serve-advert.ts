import type { StreamHandler } from '@assay/core'
import {
  AdvertRequest,
  after,
  createEnvelope,
  decodeFrame,
  encodeError,
  encodeFrame,
  limits,
  MarketError,
  toJson,
  toMarketError,
  type Advert,
  type Envelope,
  type UnixMs,
} from '@assay/protocol'
import type { ProviderContext } from '../context.ts'
import { providerLimits } from '../limits.ts'
import { withDeadline } from '../with-deadline.ts'
import { findImage } from './find-image.ts'

/** The provider's current advert, signed; a new one whenever its addresses changed or half of its life is over. */
export type AdvertSource = () => Promise<Envelope>

export function createAdvertSource(
  context: Pick<ProviderContext, 'signer' | 'network' | 'chain' | 'clock' | 'store' | 'facts' | 'options'>,
): AdvertSource {
  const { signer, network, chain, clock, store, facts, options } = context
  let current: { readonly advert: Advert; readonly envelope: Promise<Envelope> } | undefined
  const isFresh = ({ advert }: { readonly advert: Advert }): boolean =>
    advert.expiresAtMs - clock.now() > limits.advertLifeMs * providerLimits.advertRenewShare &&
    advert.addresses.join() === addresses().join()
  const addresses = (): string[] => network.addresses().slice(0, limits.advertAddresses)
  // One reading of the clock: two could be a millisecond apart, and the advert would live too long.
  const create = (now: UnixMs): Advert => ({
    chainId: chain.market.chainId,
    escrow: chain.market.escrow,
    role: 'provider',
    publicKey: signer.publicKey,
    addresses: addresses(),
    seq: store.next('advert'),
    issuedAtMs: now,
    expiresAtMs: after(now, limits.advertLifeMs),
    classes: [...options.classes],
    ...(facts.hardwareClass && { hardwareClasses: [facts.hardwareClass] }),
    architecture: facts.architecture,
    cpus: facts.cpus,
    memoryBytes: facts.memoryBytes,
    slots: options.slots,
    minPriceUsdc: options.minPriceUsdc,
  })
  return async () => {
    if (current === undefined || !isFresh(current)) {
      const advert = create(clock.now())
      current = { advert, envelope: createEnvelope('advert/1', toJson(advert), signer) }
    }
    return current.envelope
  }
}

/** Serves the advert to whoever asks, and whether an image could run here now. */
export function serveAdvert(context: ProviderContext, source: AdvertSource): StreamHandler {
  return async (stream, _remote, streamSignal) => {
    const signal = AbortSignal.any([streamSignal, context.closing])
    const frame = await stream.receive(signal)
    if (frame === undefined) return
    const { image } = decodeFrame(AdvertRequest, frame, 'advert request')
    const imageError = image === undefined ? undefined : await probeImage(context, image)
    const reply = { type: 'advert', advert: await source(), ...(imageError && { imageError: encodeError(imageError) }) }
    await stream.send(encodeFrame(reply), signal)
    await stream.end()
  }
}

/** Why an image cannot run here now; `undefined` when it can. */
async function probeImage(context: ProviderContext, image: string): Promise<MarketError | undefined> {
  const { clock, closing } = context
  const late = (): Error => new MarketError('image-unknown', 'the image is not here yet', { details: { image } })
  const deadline = after(clock.now(), providerLimits.imageAnswerMs)
  try {
    await withDeadline({ clock, signal: closing }, deadline, late, async (inTime) => findImage(context, image, inTime))
    return undefined
  } catch (error) {
    return toMarketError(error)
  }
}
