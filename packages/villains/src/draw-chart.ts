import type { Sweep, SweepPoint, SweepSeries } from './economics/sweep.ts'

/** A chart of one sweep as SVG text: points with bars of three standard errors, formulas as thin lines, zero drawn heavy. */
export function drawChart(sweep: Sweep): string {
  const frame = createFrame(sweep)
  const shown = sweep.series.filter(({ points }) => points.length > 0)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" role="img">`,
    `<title>${escapeText(sweep.title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<text x="${left}" y="22" font-size="15" font-weight="bold">${escapeText(sweep.title)}</text>`,
    ...drawAxes(sweep, frame),
    ...shown.map((series, at) => drawSeries(series, colourOf(shown, at), frame)),
    ...drawLegend(shown),
    '</svg>',
    '',
  ].join('\n')
}

const width = 720
const left = 64
const right = 28
const top = 36
const plotHeight = 300
const legendRow = 17
const bottom = 48
const legendRows = 8
const height = top + plotHeight + bottom + legendRow * (legendRows / 2)
const colours: readonly string[] = ['#1b6ca8', '#c8553d', '#3c8d53', '#7b4fa0', '#8a6d1d']

interface Frame {
  readonly x: (value: number) => number
  readonly y: (value: number) => number
  readonly xTicks: readonly number[]
  readonly yTicks: readonly number[]
}

function createFrame({ series, xScale }: Sweep): Frame {
  const points = series.flatMap((one) => one.points)
  const along = xScale === 'log' ? Math.log10 : (value: number): number => value
  const [xLow, xHigh] = rangeOf(points.map(({ x }) => along(x)))
  const yTicks = ticksOf(
    rangeOf([0, ...points.flatMap(({ y, standardError }) => [y - 3 * standardError, y + 3 * standardError])]),
  )
  const [yLow, yHigh] = [yTicks[0] ?? 0, yTicks.at(-1) ?? 1]
  return {
    x: (value) => left + ((along(value) - xLow) / (xHigh - xLow)) * (width - left - right),
    y: (value) => top + plotHeight - ((value - yLow) / (yHigh - yLow)) * plotHeight,
    xTicks:
      xScale === 'log' ? decades(xLow, xHigh) : ticksOf([xLow, xHigh]).filter((tick) => tick >= xLow && tick <= xHigh),
    yTicks,
  }
}

function rangeOf(values: readonly number[]): readonly [low: number, high: number] {
  const [low, high] = [Math.min(...values), Math.max(...values)]
  return low === high ? [low, low + 1] : [low, high]
}

/** Round numbers around a range, five to ten of them. */
function ticksOf([low, high]: readonly [low: number, high: number]): readonly number[] {
  const rough = (high - low) / 6
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * ([1, 2, 5].find((one) => one * power >= rough) ?? 10)
  const first = Math.floor(low / step)
  return Array.from({ length: Math.ceil(high / step) - first + 1 }, (_, at) => roundTick((first + at) * step))
}

/** 1, 2 and 5 of every power of ten within the range. */
const decades = (low: number, high: number): readonly number[] =>
  Array.from({ length: Math.ceil(high) - Math.floor(low) + 1 }, (_, at) => Math.floor(low) + at)
    .flatMap((power) => [1, 2, 5].map((digit) => roundTick(digit * 10 ** power)))
    .filter((tick) => Math.log10(tick) >= low - 1e-9 && Math.log10(tick) <= high + 1e-9)

const roundTick = (value: number): number => Number(value.toPrecision(10))

function drawAxes({ xLabel, yLabel }: Sweep, { x, y, xTicks, yTicks }: Frame): readonly string[] {
  const floor = top + plotHeight
  const middle = top + plotHeight / 2
  return [
    ...yTicks.flatMap((tick) => [
      line(
        [left, y(tick)],
        [width - right, y(tick)],
        tick === 0 ? 'stroke="#333" stroke-width="1.5"' : 'stroke="#ddd"',
      ),
      `<text x="${left - 6}" y="${round(y(tick) + 4)}" text-anchor="end">${tick}</text>`,
    ]),
    ...xTicks.flatMap((tick) => [
      line([x(tick), floor], [x(tick), floor + 5], 'stroke="#333"'),
      `<text x="${round(x(tick))}" y="${floor + 18}" text-anchor="middle">${tick}</text>`,
    ]),
    line([left, floor], [width - right, floor], 'stroke="#333"'),
    line([left, top], [left, floor], 'stroke="#333"'),
    `<text x="${(left + width - right) / 2}" y="${floor + 38}" text-anchor="middle">${escapeText(xLabel)}</text>`,
    `<text x="14" y="${middle}" text-anchor="middle" transform="rotate(-90 14 ${middle})">${escapeText(yLabel)}</text>`,
  ]
}

function drawSeries({ kind, points }: SweepSeries, colour: string, { x, y }: Frame): string {
  const path = points.map((point) => `${round(x(point.x))},${round(y(point.y))}`).join(' ')
  const stroke = kind === 'line' ? 'stroke-width="1" stroke-dasharray="4 3"' : 'stroke-width="1.5"'
  const curve = `<polyline points="${path}" fill="none" stroke="${colour}" ${stroke}/>`
  if (kind === 'line') return curve
  const dots = points.map((point) => drawPoint(point, colour, { x, y }))
  return [curve, ...dots].join('\n')
}

function drawPoint(point: SweepPoint, colour: string, { x, y }: Pick<Frame, 'x' | 'y'>): string {
  const reach = 3 * point.standardError
  const bar = line([x(point.x), y(point.y - reach)], [x(point.x), y(point.y + reach)], `stroke="${colour}"`)
  return `${bar}<circle cx="${round(x(point.x))}" cy="${round(y(point.y))}" r="3" fill="${colour}"/>`
}

function drawLegend(series: readonly SweepSeries[]): readonly string[] {
  return series.map(({ name, kind }, at) => {
    const [x, y] = [left + (at % 2) * 320, top + plotHeight + bottom + 8 + Math.floor(at / 2) * legendRow]
    const dash = kind === 'line' ? ' stroke-dasharray="4 3"' : ''
    const sample = line([x, y - 4], [x + 22, y - 4], `stroke="${colourOf(series, at)}" stroke-width="2"${dash}`)
    return `${sample}<text x="${x + 28}" y="${y}">${escapeText(name)}</text>`
  })
}

/** A formula that is named after the points before it has their colour; any other line is grey. */
function colourOf(series: readonly SweepSeries[], at: number): string {
  const own = series.slice(0, at + 1).filter(({ kind }) => kind === 'points').length
  const isAlone = series[at]?.kind === 'line' && series[at]?.name.startsWith(series[at - 1]?.name ?? '') !== true
  return isAlone ? '#555' : (colours[(own - 1) % colours.length] ?? '#555')
}

const line = (from: readonly [number, number], to: readonly [number, number], style: string): string =>
  `<line x1="${round(from[0])}" y1="${round(from[1])}" x2="${round(to[0])}" y2="${round(to[1])}" ${style}/>`

const round = (value: number): number => Number(value.toFixed(1))
const escapeText = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
