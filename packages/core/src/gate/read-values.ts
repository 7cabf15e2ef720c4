/** A file as shape and numbers, where it is JSON, CSV or NPY; what cannot be read without loss is not read at all. */
import { encodeCanonical, toJson, type Json } from '@assay/protocol'

/** Two files of one shape differ in their numbers alone. */
export interface FileValues {
  /** Everything but the numbers; equal shapes have as many numbers. */
  readonly shape: string
  readonly numbers: readonly number[]
}

/** `undefined` when the bytes are nothing of the kind. */
export const readValues = (path: string, bytes: Uint8Array): FileValues | undefined => {
  if (path.endsWith('.npy')) return readNpy(bytes)
  const text = readText(bytes)
  if (text === undefined) return undefined
  if (/\.(csv|tsv)$/.test(path)) return readCells(text)
  return /\.(jsonl|ndjson)$/.test(path) ? readJsonLines(text) : readJsonValues(text)
}

/**
 * JSON whose canonical form says all that its text says: no key twice, no integer that a double cannot hold. Throws nothing;
 * `undefined` for anything else.
 */
export function readJson(text: string): { readonly value: Json } | undefined {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"(\s*:)?|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g) ?? []
  for (const token of tokens) {
    if (token.startsWith('"')) continue
    const number = Number(token)
    if (!Number.isFinite(number) || (/^-?\d+$/.test(token) && !Number.isSafeInteger(number))) return undefined
  }
  try {
    const value = toJson(JSON.parse(text))
    const keys = tokens.filter((token) => token.endsWith(':')).length
    return countKeys(value) === keys ? { value } : undefined
  } catch {
    return undefined
  }
}

const countKeys = (value: Json | undefined): number => {
  if (value === null || typeof value !== 'object') return 0
  const items: readonly (Json | undefined)[] = Object.values(value)
  return items.reduce<number>((sum, item) => sum + countKeys(item), Array.isArray(value) ? 0 : items.length)
}

function readJsonValues(text: string): FileValues | undefined {
  const json = readJson(text)
  if (json === undefined) return undefined
  const numbers: number[] = []
  const shape = encodeCanonical(withoutNumbers(json.value, numbers))
  return { shape, numbers }
}

function readJsonLines(text: string): FileValues | undefined {
  const lines = text.split('\n').map((line) => (line.trim() === '' ? undefined : readJsonValues(line)))
  const read = lines.flatMap((line) => line ?? [])
  if (read.length !== text.split('\n').filter((line) => line.trim() !== '').length) return undefined
  return { shape: read.map(({ shape }) => shape).join('\n'), numbers: read.flatMap(({ numbers }) => numbers) }
}

/** Keys in canonical order, so that numbers of two texts meet in pairs. */
function withoutNumbers(value: Json, numbers: number[]): Json {
  if (typeof value === 'number') {
    numbers.push(value)
    return { $: 'number' }
  }
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map((item: Json) => withoutNumbers(item, numbers))
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, item]) => [`.${key}`, withoutNumbers(item ?? null, numbers)]))
}

function readCells(text: string): FileValues | undefined {
  const numbers: number[] = []
  const shape = text
    .split('\n')
    .map((line) =>
      line.replaceAll(
        /(?<=^|[,;\t])\s*([-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+|nan))\s*(?=$|[,;\t\r])/gi,
        (_, cell: string) => {
          // Ids that a double would round are text.
          if (/^[-+]?\d+$/.test(cell) && !Number.isSafeInteger(Number(cell))) return cell
          numbers.push(Number(cell))
          return '#'
        },
      ),
    )
    .join('\n')
  return numbers.length === 0 ? undefined : { shape, numbers }
}

/** Version 1 or 2 of the format, little-endian doubles, singles and 32-bit integers. */
function readNpy(bytes: Uint8Array): FileValues | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]
  if (bytes.length < 12 || magic.some((byte, i) => bytes[i] !== byte)) return undefined
  const version = bytes[6] ?? 0
  const start = version === 1 ? 10 + view.getUint16(8, true) : version === 2 ? 12 + view.getUint32(8, true) : undefined
  if (start === undefined || start > bytes.length) return undefined
  const header = new TextDecoder('latin1').decode(bytes.subarray(0, start))
  const type = /'descr':\s*'<(f8|f4|i4)'/.exec(header)?.[1]
  const size = type === 'f8' ? 8 : 4
  if (type === undefined || (bytes.length - start) % size !== 0) return undefined
  const numbers: number[] = []
  for (let at = start; at < bytes.length; at += size)
    numbers.push(
      type === 'f8' ? view.getFloat64(at, true) : type === 'f4' ? view.getFloat32(at, true) : view.getInt32(at, true),
    )
  return { shape: header, numbers }
}

function readText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}
