/** JSON columns: written as wire JSON, parsed by the schema that owns the shape. Brands of stored ids are restored here. */
import { byteCountSchema, hashSchema, toJson, type BlobRoot, type PublicKey, type Signature } from '@assay/protocol'
import { z } from 'zod'

export const write = (value: unknown): string => JSON.stringify(toJson(value))

export const read = <S extends z.ZodType>(schema: S, text: string): z.output<S> => schema.parse(JSON.parse(text))
export const readOptional = <S extends z.ZodType>(schema: S, text: string | null): z.output<S> | undefined =>
  text === null ? undefined : read(schema, text)

/** Text that this store wrote itself. */
export const asPublicKey = (text: string): PublicKey => text as PublicKey
export const asSignature = (text: string): Signature => text as Signature

export const SealedRef = z.strictObject({ root: hashSchema<BlobRoot>(), size: byteCountSchema })
