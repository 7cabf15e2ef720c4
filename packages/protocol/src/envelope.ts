/** Signed JSON: the canonical text itself travels, so a verifier checks bytes first and parses them afterwards. */
import { z } from 'zod'
import { encodeCanonical, keccakText, type Json } from './canonical.ts'
import { MarketError } from './errors.ts'
import { limits } from './limits.ts'
import { addressSchema, signatureSchema } from './schema.ts'
import { recoverSigner } from './signing.ts'
import type { Address, Hex, Signature } from './units.ts'

/** `<noun>/<version>`; part of what is signed, so no message can stand in for one of another kind. */
export type EnvelopeKind =
  | 'advert/1'
  | 'lease/1'
  | 'epoch/1'
  | 'epoch-ack/1'
  | 'agreement/1'
  | 'request/1'
  | 'gate-commit/1'
  | 'gate-answer/1'
  | 'certificate/1'
  | 'revocation/1'
  | 'counter/1'
  | 'retract/1'
  | 'challenge/1'

export const Envelope = z.strictObject({
  kind: z.string().max(32),
  payload: z.string().max(limits.specBytes),
  signer: addressSchema,
  signature: signatureSchema,
})
export type Envelope = z.infer<typeof Envelope>

/** What a signer of digests must offer; `Signer` of core fits. */
export interface DigestSigner {
  readonly address: Address
  sign(digest: Hex): Promise<Signature>
}

/** keccak256("assay/1\n" ‖ kind ‖ "\n" ‖ payload). */
export const deriveEnvelopeDigest = (kind: EnvelopeKind, payload: string): Hex =>
  keccakText(`assay/1\n${kind}\n${payload}`)

/** Signs a body. Bigints must already be decimal strings. */
export async function createEnvelope(kind: EnvelopeKind, body: Json, signer: DigestSigner): Promise<Envelope> {
  const payload = encodeCanonical(body)
  const signature = await signer.sign(deriveEnvelopeDigest(kind, payload))
  return { kind, payload, signer: signer.address, signature }
}

/**
 * Checks kind and signature, then that the text is canonical, then parses. Throws `signature-invalid` or `message-malformed`.
 * The caller still has to check that the signer is the one it expects.
 */
export function openEnvelope<S extends z.ZodType>(kind: EnvelopeKind, schema: S, envelope: Envelope): z.output<S> {
  if (
    envelope.kind !== kind ||
    recoverSigner(deriveEnvelopeDigest(kind, envelope.payload), envelope.signature) !== envelope.signer
  )
    throw new MarketError('signature-invalid', `the ${kind} signature is not by its signer`, { details: { kind } })
  const body = parseJson(envelope.payload)
  // One value has one text: otherwise two readers could take the same signed bytes for different messages.
  if (!isCanonical(body, envelope.payload))
    throw new MarketError('message-malformed', `the ${kind} is not canonical JSON`)
  return parseMessage(schema, body, kind)
}

function isCanonical(body: unknown, text: string): boolean {
  try {
    return encodeCanonical(toJson(body)) === text
  } catch {
    return false
  }
}

/** Parses untrusted JSON by its schema. Throws `message-malformed` with the first offending path. */
export function parseMessage<S extends z.ZodType>(schema: S, value: unknown, what: string): z.output<S> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  throw new MarketError('message-malformed', `${what} is malformed at ${issue?.path.join('.') ?? 'its root'}`, {
    details: { what, path: issue?.path.join('.') ?? '', problem: issue?.message.slice(0, 200) ?? '' },
  })
}

/** Reads a frame: UTF-8 JSON. Throws `message-malformed`. */
export function decodeFrame<S extends z.ZodType>(schema: S, frame: Uint8Array, what: string): z.output<S> {
  return parseMessage(schema, parseJson(new TextDecoder('utf-8', { fatal: false }).decode(frame)), what)
}

/** Writes a frame. Bigints become decimal strings, so that a parsed message can be sent on as it is. */
export const encodeFrame = (message: object): Uint8Array => new TextEncoder().encode(JSON.stringify(toJson(message)))

/** A typed message as plain JSON: bigints become decimal strings, absent fields stay absent. */
export function toJson(value: unknown): Json {
  if (typeof value === 'bigint') return value.toString()
  if (Array.isArray(value)) return value.map(toJson)
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined)
    return Object.fromEntries(entries.map(([key, item]) => [key, toJson(item)]))
  }
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number')
    return value
  throw new TypeError('not a wire value')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new MarketError('message-malformed', 'not JSON', { cause })
  }
}
