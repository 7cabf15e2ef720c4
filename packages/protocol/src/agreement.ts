/** What a validator says of other results of a commit of class D3: which of them agree with its own. */
import { z } from 'zod'
import { limits } from './limits.ts'
import { hashSchema } from './schema.ts'
import { MarketDomain } from './typed-data.ts'
import type { Commitment, ResultRoot } from './units.ts'

/** Ascending, so that a set of roots has one text. */
const roots = z
  .array(hashSchema<ResultRoot>())
  .max(limits.agreementRoots)
  .refine((list) => list.every((root, i) => i === 0 || (list[i - 1] ?? '') < root))

/**
 * Body of an `agreement/1` envelope, signed by the validator whose result `resultRoot` is. Everything in `shown` was
 * compared with it by `compareTrees`; what agrees is in `agrees`, its own root never is.
 */
export const Agreement = z
  .strictObject({
    ...MarketDomain.shape,
    commitment: hashSchema<Commitment>(),
    round: z.int().min(0).max(4),
    resultRoot: hashSchema<ResultRoot>(),
    shown: roots,
    agrees: roots,
  })
  .refine(({ resultRoot, shown }) => !shown.includes(resultRoot))
  .refine(({ shown, agrees }) => agrees.every((root) => shown.includes(root)))
export type Agreement = z.infer<typeof Agreement>
