import { z } from 'zod'
import { limits } from './limits.ts'

const hex = (minBytes: number, maxBytes: number) =>
  z
    .string()
    .regex(/^(?:0x)?(?:[0-9a-fA-F]{2})*$/)
    .transform((text) => text.replace(/^0x/, '').toLowerCase())
    .refine((text) => text.length >= 2 * minBytes && text.length <= 2 * maxBytes)

const powerOfTwo = z
  .int()
  .min(2)
  .refine((n) => Number.isInteger(Math.log2(n)))

const scrypt = z
  .object({ n: powerOfTwo, r: z.int().min(1), p: z.int().min(1).max(64), dklen: z.literal(32), salt: hex(8, 64) })
  .refine(({ n, r }) => 128 * n * r <= limits.scryptMemoryBytes, 'asks for too much memory')

const pbkdf2 = z.object({
  c: z.int().min(1).max(limits.pbkdf2Rounds),
  prf: z.literal('hmac-sha256'),
  dklen: z.literal(32),
  salt: hex(8, 64),
})

const sealed = {
  cipher: z.literal('aes-128-ctr'),
  ciphertext: hex(32, 32),
  cipherparams: z.object({ iv: hex(16, 16) }),
  mac: hex(32, 32),
}

/** A Web3 Secret Storage file, version 3, that holds one 32-byte key. Unknown fields are dropped. */
export const KeystoreFile = z.object({
  version: z.literal(3),
  id: z.string().max(64),
  crypto: z.discriminatedUnion('kdf', [
    z.object({ ...sealed, kdf: z.literal('scrypt'), kdfparams: scrypt }),
    z.object({ ...sealed, kdf: z.literal('pbkdf2'), kdfparams: pbkdf2 }),
  ]),
})
export type KeystoreFile = z.infer<typeof KeystoreFile>
