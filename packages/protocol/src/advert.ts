/** What a node says of itself. The DHT only hints who to ask; the advert comes from the peer, the stake from the chain. */
import { z } from 'zod'
import { openEnvelope, type Envelope } from './envelope.ts'
import { MarketError } from './errors.ts'
import { hardwareClassSchema } from './hardware-class.ts'
import { DeterminismClass } from './job-spec.ts'
import { limits } from './limits.ts'
import { byteCountSchema, milliCpusSchema, publicKeySchema, unixMsSchema, usdcSchema } from './schema.ts'
import { deriveAddress } from './signing.ts'
import { MarketDomain } from './typed-data.ts'
import type { Address, UnixMs } from './units.ts'

/** Body of an `advert/1` envelope. */
export const Advert = z.strictObject({
  ...MarketDomain.shape,
  role: z.enum(['provider', 'validator']),
  publicKey: publicKeySchema,
  addresses: z.array(z.string().max(256)).max(limits.advertAddresses),
  /** Grows with every change; the highest seen wins. */
  seq: z.int().min(0),
  issuedAtMs: unixMsSchema,
  expiresAtMs: unixMsSchema,
  classes: z.array(DeterminismClass).max(8),
  /** Keys of the hardware it runs shards on; absent when it has none that is known. */
  hardwareClasses: z.array(hardwareClassSchema).max(limits.advertHardwareClasses).optional(),
  architecture: z.string().max(32),
  cpus: milliCpusSchema,
  memoryBytes: byteCountSchema,
  /** Shards it runs at the same time. */
  slots: z.int().min(0).max(10_000),
  /** Least it takes for a shard. */
  minPriceUsdc: usdcSchema,
})
export type Advert = z.infer<typeof Advert>

/**
 * Checks signature, market, expiry and that the signer owns the key. Throws `advert-invalid`, `signature-invalid`,
 * `message-malformed`.
 */
export function openAdvert(envelope: Envelope, market: MarketDomain, peer: Address, now: UnixMs): Advert {
  const advert = openEnvelope('advert/1', Advert, envelope)
  const refuse = (reason: string): never => {
    throw new MarketError('advert-invalid', `advert refused: ${reason}`, { details: { peer, reason } })
  }
  if (envelope.signer !== peer || deriveAddress(advert.publicKey) !== peer)
    refuse('not signed by the peer that served it')
  if (advert.chainId !== market.chainId || advert.escrow !== market.escrow) refuse('it is for another market')
  if (advert.expiresAtMs <= now) refuse('it has expired')
  if (advert.expiresAtMs - advert.issuedAtMs > limits.advertLifeMs) refuse('it lives too long')
  return advert
}

/** DHT key under which nodes of a market announce a role. */
export const roleKey = (market: MarketDomain, role: Advert['role']): `assay/1/${string}` =>
  `assay/1/${role}/${market.chainId}:${market.escrow}`
/** DHT key of providers that hold an image. */
export const imageKey = (digest: string): `assay/1/${string}` => `assay/1/image/${digest}`
