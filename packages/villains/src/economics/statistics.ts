/** Mean and standard error of independent values, and the exact binomial that sampled figures are compared with. */
export interface Estimate {
  readonly mean: number
  /** Standard error of the mean; infinite for fewer than two values. */
  readonly standardError: number
  readonly count: number
}

/** Welford's running mean: no sum grows large, however many values come. */
export interface Tally {
  add(value: number): void
  estimate(): Estimate
}

export function createTally(): Tally {
  let [count, mean, squares] = [0, 0, 0]
  return {
    add(value) {
      count += 1
      const step = value - mean
      mean += step / count
      squares += step * (value - mean)
    },
    estimate: () => ({
      mean,
      count,
      standardError: count < 2 ? Number.POSITIVE_INFINITY : Math.sqrt(squares / (count - 1) / count),
    }),
  }
}

/** How sure a verdict has to be, in standard errors. One value in 740 lies further out by chance alone. */
const significance = 3

/** Whether the estimate is above `least` by more than chance explains. */
export const exceeds = ({ mean, standardError }: Estimate, least: number): boolean =>
  mean - least > significance * standardError

/** Probability that a majority of `seats` independent seats belongs to a share of all seats: the captured panel. */
export function captured(seats: number, share: number): number {
  let sum = 0
  for (let own = Math.floor(seats / 2) + 1; own <= seats; own++)
    sum += choose(seats, own) * share ** own * (1 - share) ** (seats - own)
  return sum
}

function choose(from: number, count: number): number {
  let ways = 1
  for (let at = 1; at <= count; at++) ways = (ways * (from - count + at)) / at
  return ways
}
