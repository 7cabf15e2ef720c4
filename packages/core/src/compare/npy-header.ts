/** Header of an NPY file, formats 1.0, 2.0 and 3.0, as `numpy.save` writes it for plain numeric arrays. */
import { limits } from './limits.ts'

export interface NpyHeader {
  readonly kind: 'b' | 'i' | 'u' | 'f' | 'c'
  /** Bytes of one element. */
  readonly itemBytes: number
  readonly littleEndian: boolean
  readonly fortranOrder: boolean
  readonly shape: readonly number[]
  /** Product of the shape. */
  readonly count: number
  /** Where the elements begin; they fill the rest of the file exactly. */
  readonly dataOffset: number
}

/** `undefined` for anything else: other types, a header that lies about the size of the data, hostile shapes. */
export function readNpyHeader(bytes: Uint8Array): NpyHeader | undefined {
  const place = headerPlace(bytes)
  if (place === undefined) return undefined
  const fields = readFields(latin1(bytes.subarray(place.start, place.end)))
  const type = /^([<>|])([biufc])(\d{1,2})$/.exec(fields?.descr ?? '')
  const shape = readShape(fields?.shape ?? '')
  if (fields === undefined || type === null || shape === undefined) return undefined
  const [, order = '', letter = '', size = ''] = type
  const kind = kinds.find((one) => one === letter)
  const itemBytes = Number(size)
  if (kind === undefined || !sizes[kind].includes(itemBytes) || (order === '|') !== (itemBytes === 1)) return undefined
  const count = countOf(shape, bytes.length)
  if (count === undefined || place.end + count * itemBytes !== bytes.length) return undefined
  const fortranOrder = fields.fortranOrder === 'True'
  return { kind, itemBytes, littleEndian: order !== '>', fortranOrder, shape, count, dataOffset: place.end }
}

function headerPlace(bytes: Uint8Array): { readonly start: number; readonly end: number } | undefined {
  if (latin1(bytes.subarray(0, 6)) !== '\u0093NUMPY' || bytes[7] !== 0) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const version = bytes[6]
  const start = version === 1 ? 10 : 12
  if ((version !== 1 && version !== 2 && version !== 3) || bytes.length < start) return undefined
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true)
  const end = start + length
  return length <= limits.npyHeaderBytes && end <= bytes.length ? { start, end } : undefined
}

interface Fields {
  readonly descr: string
  readonly fortranOrder: string
  readonly shape: string
}

/** The Python literal of a dictionary with exactly these three keys, in any order, once each. */
function readFields(text: string): Fields | undefined {
  const inside = /^\{(.*)\}\s*$/s.exec(text)?.[1]
  if (inside === undefined) return undefined
  const found = new Map<string, string>()
  const field = /\s*'(descr|fortran_order|shape)'\s*:\s*(?:'([^']*)'|(True|False)|\(([\d\s,]*)\))\s*(,|$)\s*/y
  while (field.lastIndex < inside.length) {
    const match = field.exec(inside)
    if (match === null) return undefined
    const [, key = '', text1, truth, tuple] = match
    if (found.has(key)) return undefined
    const value = { descr: text1, fortran_order: truth, shape: tuple }[key]
    if (value === undefined) return undefined
    found.set(key, value)
  }
  const [descr, fortranOrder, shape] = ['descr', 'fortran_order', 'shape'].map((key) => found.get(key))
  return descr === undefined || fortranOrder === undefined || shape === undefined
    ? undefined
    : { descr, fortranOrder, shape }
}

/** Inside of a tuple: `` or `5,` or `3, 4`. */
function readShape(text: string): readonly number[] | undefined {
  if (text.trim() === '') return []
  const parts = text.split(',').map((part) => part.trim())
  if (parts.length < 2) return undefined
  if (parts.at(-1) === '') parts.pop()
  if (parts.length > limits.npyDimensions || !parts.every((part) => /^\d{1,15}$/.test(part))) return undefined
  return parts.map(Number)
}

/** Elements of a shape; `undefined` when it claims more than there are bytes, so that nothing can overflow. */
function countOf(shape: readonly number[], most: number): number | undefined {
  if (shape.includes(0)) return 0
  let count = 1
  for (const length of shape) {
    count *= length
    if (count > most) return undefined
  }
  return count
}

const kinds = ['b', 'i', 'u', 'f', 'c'] as const
const sizes: Readonly<Record<NpyHeader['kind'], readonly number[]>> = {
  b: [1],
  i: [1, 2, 4, 8],
  u: [1, 2, 4, 8],
  f: [2, 4, 8],
  c: [8, 16],
}
const latin1 = (bytes: Uint8Array): string => String.fromCharCode(...bytes)
