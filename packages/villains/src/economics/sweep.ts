/** What a sweep gives: lines of points with their errors, ready for a table or a chart. */
export interface SweepPoint {
  readonly x: number
  readonly y: number
  /** 0 for an exact value. */
  readonly standardError: number
}
export interface SweepSeries {
  readonly name: string
  /** `line` is a formula, `points` were simulated. */
  readonly kind: 'line' | 'points'
  readonly points: readonly SweepPoint[]
}
export interface Sweep {
  /** Lowercase words joined by hyphens; the chart's file name. */
  readonly name: string
  readonly title: string
  readonly xLabel: string
  readonly yLabel: string
  readonly xScale: 'linear' | 'log'
  readonly series: readonly SweepSeries[]
}
