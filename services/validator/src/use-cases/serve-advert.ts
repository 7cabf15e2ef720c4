import type { StreamHandler } from '@assay/core'
import {
  AdvertRequest,
  after,
  createEnvelope,
  decodeFrame,
  encodeFrame,
  limits,
  toJson,
  usdc,
  type Advert,
  type Envelope,
  type UnixMs,
} from '@assay/protocol'
import type { ValidatorContext } from '../context.ts'
import { validatorLimits } from '../limits.ts'

/** The validator's current advert, signed; a new one whenever its addresses changed or half of its life is over. */
export type AdvertSource = () => Promise<Envelope>

export function createAdvertSource(context: ValidatorContext, slots: number): AdvertSource {
  const { signer, network, chain, clock, store, facts } = context
  let current: { readonly advert: Advert; readonly envelope: Promise<Envelope> } | undefined
  const addresses = (): string[] => network.addresses().slice(0, limits.advertAddresses)
  const isFresh = ({ advert }: { readonly advert: Advert }): boolean =>
    advert.expiresAtMs - clock.now() > limits.advertLifeMs * validatorLimits.advertRenewShare &&
    advert.addresses.join() === addresses().join()
  // One reading of the clock: two could be a millisecond apart, and the advert would live too long.
  const create = (now: UnixMs): Advert => ({
    chainId: chain.market.chainId,
    escrow: chain.market.escrow,
    role: 'validator',
    publicKey: signer.publicKey,
    addresses: addresses(),
    seq: store.next('advert'),
    issuedAtMs: now,
    expiresAtMs: after(now, limits.advertLifeMs),
    classes: ['D1', 'D2'],
    ...(facts.hardwareClass && { hardwareClasses: [facts.hardwareClass] }),
    architecture: facts.architecture,
    cpus: facts.cpus,
    memoryBytes: facts.memoryBytes,
    slots,
    minPriceUsdc: usdc(0n),
  })
  return async () => {
    if (current === undefined || !isFresh(current)) {
      const advert = create(clock.now())
      current = { advert, envelope: createEnvelope('advert/1', toJson(advert), signer) }
    }
    return current.envelope
  }
}

/** Serves the advert to whoever asks. */
export function serveAdvert(source: AdvertSource, closing: AbortSignal): StreamHandler {
  return async (stream, _remote, streamSignal) => {
    const signal = AbortSignal.any([streamSignal, closing])
    const frame = await stream.receive(signal)
    if (frame === undefined) return
    decodeFrame(AdvertRequest, frame, 'advert request')
    await stream.send(encodeFrame({ type: 'advert', advert: await source() }), signal)
    await stream.end()
  }
}
