import { hexSchema, type PrivateKey } from '@assay/protocol'
import { z } from 'zod'

const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

/** 32 bytes of hex, with or without 0x, from 1 to the group order minus 1. */
export const privateKeySchema = z
  .string()
  .transform((text) => `0x${text.trim().toLowerCase().replace(/^0x/, '')}`)
  .pipe(hexSchema(32))
  .refine((hex) => BigInt(hex) > 0n && BigInt(hex) < order)
  .transform((hex) => hex as PrivateKey)
