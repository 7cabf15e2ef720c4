/** JSON columns: written as wire JSON, parsed by the schema that owns the shape. Brands of stored ids are restored here. */
import type { EffectState } from '@assay/chain'
import {
  byteCountSchema,
  hashSchema,
  toJson,
  type BlobRoot,
  type Hex,
  type PublicKey,
  type QuorumId,
  type Signature,
} from '@assay/protocol'
import { z } from 'zod'

export const write = (value: unknown): string => JSON.stringify(toJson(value))
export const writeOptional = (value: unknown): string | null => (value === undefined ? null : write(value))

export const read = <S extends z.ZodType>(schema: S, text: string): z.output<S> => schema.parse(JSON.parse(text))
export const readOptional = <S extends z.ZodType>(schema: S, text: string | null): z.output<S> | undefined =>
  text === null ? undefined : read(schema, text)

/** Text and numbers that this store wrote itself. */
export const asHex = (text: string): Hex => text as Hex
export const asPublicKey = (text: string): PublicKey => text as PublicKey
export const asSignature = (text: string): Signature => text as Signature
export const asEffectState = (text: string): EffectState => text as EffectState
export const asQuorumId = (id: number): QuorumId => id as QuorumId

export const SealedRef = z.strictObject({ root: hashSchema<BlobRoot>(), size: byteCountSchema })
