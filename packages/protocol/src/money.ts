/** All arithmetic on money lives here. Every rounding direction is in the name. */
import { usdc, type BasisPoints, type Ppm, type UsdcBase } from './units.ts'

/** Largest amount the contracts can hold: uint64. */
export const maxUsdc = usdc(2n ** 64n - 1n)

/** Sum of all amounts; 0 for none. */
export const sumUsdc = (amounts: Iterable<UsdcBase>): UsdcBase => {
  let total = 0n
  for (const amount of amounts) total += amount
  return usdc(total)
}

export const addUsdc = (a: UsdcBase, b: UsdcBase): UsdcBase => usdc(a + b)

/** `a - b`, or 0 when b is larger. */
export const subUsdcFloor0 = (a: UsdcBase, b: UsdcBase): UsdcBase => usdc(a > b ? a - b : 0n)

export const timesUsdc = (amount: UsdcBase, count: number): UsdcBase => usdc(amount * BigInt(count))

export const minUsdc = (a: UsdcBase, b: UsdcBase): UsdcBase => (a < b ? a : b)
export const maxOfUsdc = (a: UsdcBase, b: UsdcBase): UsdcBase => (a > b ? a : b)

/** Share in basis points, rounded down, so parts never exceed the whole. */
export const portionDown = (total: UsdcBase, share: BasisPoints): UsdcBase => usdc((total * BigInt(share)) / 10_000n)

/** Share in basis points, rounded up, so a reserve always suffices. */
export const portionUp = (total: UsdcBase, share: BasisPoints): UsdcBase =>
  usdc((total * BigInt(share) + 9_999n) / 10_000n)

/** Share in parts per million, rounded up. */
export const ppmPortionUp = (total: UsdcBase, share: Ppm): UsdcBase =>
  usdc((total * BigInt(share) + 999_999n) / 1_000_000n)

/** Decimal text in whole USDC with all six places, e.g. `0.010000`. */
export const formatUsdc = (amount: UsdcBase): string => {
  const text = amount.toString().padStart(7, '0')
  return `${text.slice(0, -6)}.${text.slice(-6)}`
}

/** Reads whole USDC such as `5`, `0.25`; `undefined` when malformed, over six places or over uint64. */
export const parseUsdc = (text: string): UsdcBase | undefined => {
  const match = /^(\d{1,14})(?:\.(\d{1,6}))?$/.exec(text)
  if (match === null) return undefined
  const base = BigInt(match[1] ?? '0') * 1_000_000n + BigInt((match[2] ?? '').padEnd(6, '0'))
  return base <= maxUsdc ? usdc(base) : undefined
}
