/** How far two results of class D3 may be apart and still agree. */
import { z } from 'zod'
import { limits } from './limits.ts'
import { ppmSchema } from './schema.ts'

/** A decimal number as text, so that every machine reads the same one: `0`, `0.5`, `1e-9`. */
const limitSchema = (least: number, most: number) =>
  z
    .string()
    .max(limits.toleranceChars)
    .regex(/^(?:0|[1-9]\d*)(?:\.\d+)?(?:e-?[1-9]\d{0,2})?$/)
    .refine((text) => Number(text) >= least && Number(text) <= most)

export const ComparatorName = z.enum(['bytes', 'json', 'csv', 'npy'])
export type ComparatorName = z.infer<typeof ComparatorName>

export const ToleranceRule = z.strictObject({
  /** An exact path of the result tree, `*` and the end of one, or `/dev/stdout` for standard output. */
  files: z
    .string()
    .min(1)
    .max(limits.pathBytes)
    .refine((text) => text.isWellFormed() && !text.slice(1).includes('*')),
  comparator: ComparatorName,
})
export type ToleranceRule = z.infer<typeof ToleranceRule>

export const Tolerance = z.strictObject({
  /** A number may be off by `absolute + relative · max(|a|, |b|)`. */
  absolute: limitSchema(0, 1e15),
  relative: limitSchema(0, 1),
  /** ‖a − b‖ ≤ l2 · max(‖a‖, ‖b‖) over all numbers of a file; absent = no such bound. */
  l2: limitSchema(0, 1).optional(),
  /** Share of a file's numbers that may be further off. */
  outlierPpm: ppmSchema,
  /** How many times as far those may be off. */
  outlierFactor: limitSchema(1, 1e6),
  /** The first rule that fits a file names its comparator; where none does, bytes decide. */
  files: z.array(ToleranceRule).min(1).max(limits.toleranceRules),
})
export type Tolerance = z.infer<typeof Tolerance>

/** What `ToleranceRule.files` calls standard output: no path of a tree begins with a slash. */
export const stdoutName = '/dev/stdout'

/** What compares a file of a result; `path` is `''` for standard output. */
export function comparatorFor({ files }: Tolerance, path: string): ComparatorName {
  const name = path === '' ? stdoutName : path
  const fits = (rule: ToleranceRule): boolean =>
    rule.files.startsWith('*') ? path !== '' && name.endsWith(rule.files.slice(1)) : name === rule.files
  return files.find(fits)?.comparator ?? 'bytes'
}
