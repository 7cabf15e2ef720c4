/** JSON columns: written as wire JSON, parsed by the schema that owns the shape. */
import { addressSchema, CertificateBody, hashSchema, toJson, type Commitment } from '@assay/protocol'
import { z } from 'zod'

export const write = (value: unknown): string => JSON.stringify(toJson(value))
export const read = <S extends z.ZodType>(schema: S, text: string): z.output<S> => schema.parse(JSON.parse(text))

export const Addresses = z.array(addressSchema)
export const Commitments = z.array(hashSchema<Commitment>())
export const GateSubject = CertificateBody.omit({
  resultRoot: true,
  grade: true,
  conditions: true,
  issuedAtMs: true,
  expiresAtMs: true,
})
