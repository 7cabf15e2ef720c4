/** Which machines count as alike for class D2. */
import { z } from 'zod'
import { limits } from './limits.ts'

/**
 * A key such as `cpu/x86_64/v3/GenuineIntel-6-85/avx2,fma`: kind, architecture, instruction set level,
 * vendor-family-model, flags that change which code math libraries choose. Compared as text and never taken apart.
 */
export const hardwareClassSchema = z
  .string()
  .max(limits.hardwareClassChars)
  .regex(/^[a-z]{1,16}(?:\/[A-Za-z0-9_][A-Za-z0-9_.,-]*)+$/)
export type HardwareClass = z.infer<typeof hardwareClassSchema>
