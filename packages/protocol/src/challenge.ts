/** A client's demand that one of its commits be looked at again. */
import { z } from 'zod'
import { hashSchema, unixMsSchema } from './schema.ts'
import { MarketDomain } from './typed-data.ts'
import type { Commitment } from './units.ts'

/**
 * Body of a `challenge/1` envelope, signed by the client of the job: an unsampled commit gets its audit, an audit that
 * passed gets a panel.
 */
export const Challenge = z.strictObject({
  ...MarketDomain.shape,
  commitment: hashSchema<Commitment>(),
  /** For people and statistics; decides nothing. */
  why: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/),
  atMs: unixMsSchema,
})
export type Challenge = z.infer<typeof Challenge>
