/** Index of the first byte that differs; the shorter length when one begins with the other. */
export function firstDifference(a: ArrayLike<unknown>, b: ArrayLike<unknown>): number {
  const end = Math.min(a.length, b.length)
  let at = 0
  while (at < end && a[at] === b[at]) at += 1
  return at
}
