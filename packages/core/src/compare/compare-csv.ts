import { differs, settleByBytes, type Comparator } from './comparator.ts'
import { readText } from './read-text.ts'
import { createTally, type Place } from './tally.ts'

/**
 * Tables of text: cells parted by comma, semicolon or tab, rows by one kind of line end. Cells that are numbers in both
 * files are compared within tolerance, everything else (quoted cells, separators, line ends) must be the same text.
 */
export const compareCsv: Comparator = {
  name: 'csv',
  suffixes: ['.csv', '.tsv'],
  compare({ bytes: a }, { bytes: b }, tolerance) {
    const settled = settleByBytes(a, b)
    if (settled !== undefined) return settled
    const [first, second] = [openCells(a), openCells(b)]
    if (first === undefined || second === undefined) return differs('malformed')
    const tally = createTally(tolerance, ([line, cell]) => `row ${line}, column ${cell}`)
    let row = 1
    let column = 1
    const place = (): Place => [row, column]
    for (;;) {
      const [x, y] = [first(), second()]
      if (x === undefined || y === undefined) return differs('malformed')
      const [m, n] = [numberOf(x.text), numberOf(y.text)]
      if (m !== undefined && n !== undefined) tally.number(m, n, place)
      else tally.text(x.text, y.text, place)
      if (x.end !== y.end) {
        tally.structure(endName(x.end), endName(y.end), place)
        return tally.end()
      }
      if (x.end === '') return tally.end()
      if (x.end.endsWith('\n')) {
        row += 1
        column = 1
      } else column += 1
    }
  },
}

interface Cell {
  readonly text: string
  /** Separator or line end after it; empty at the end of the file. */
  readonly end: string
}

/** Reads cell by cell; `undefined` for bytes that are no UTF-8, and for a cell where the text is no table. */
function openCells(bytes: Uint8Array): (() => Cell | undefined) | undefined {
  const text = readText(bytes)
  if (text === undefined) return undefined
  let at = 0
  let lineEnd: string | undefined
  return () => {
    const stop = endOfCell(text, at)
    if (stop === undefined) return undefined
    const end = text.startsWith('\r\n', stop) ? '\r\n' : (text[stop] ?? '')
    if (end === '\r') return undefined
    if (end.endsWith('\n')) {
      lineEnd ??= end
      if (lineEnd !== end) return undefined
    }
    const cell = { text: text.slice(at, stop), end }
    at = stop + end.length
    return cell
  }
}

/** A quoted cell ends after its closing quote, which only a separator, a line end or the end of the file may follow. */
function endOfCell(text: string, start: number): number | undefined {
  let at = start
  if (text[at] === '"') {
    do {
      const quote = text.indexOf('"', at + 1)
      if (quote < 0) return undefined
      at = quote + 1
    } while (text[at] === '"')
    return at === text.length || separators.includes(text[at] ?? '') ? at : undefined
  }
  while (at < text.length && !separators.includes(text[at] ?? '')) at += 1
  return at
}

/** A decimal number without leading zeros (those are names), NaN or an infinity; spaces around it are layout. */
function numberOf(cell: string): number | undefined {
  if (decimal.test(cell)) return Number(cell)
  const special = named.exec(cell)
  if (special === null) return undefined
  const [, sign, word = ''] = special
  if (word.toLowerCase() === 'nan') return NaN
  return sign === '-' ? -Infinity : Infinity
}

const separators = ',;\t\r\n'
const decimal = /^ *[+-]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)? *$/
const named = /^ *([+-]?)(nan|inf|infinity) *$/i
const endName = (end: string): string => (end === '' ? 'end of file' : JSON.stringify(end))
