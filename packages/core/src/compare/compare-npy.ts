import { differs, settleByBytes, type Comparator } from './comparator.ts'
import { readNpyHeader, type NpyHeader } from './npy-header.ts'
import { createTally, type Tally } from './tally.ts'

/**
 * NumPy arrays: the same shape, kind and size of element; byte order and memory order are free. Elements are taken in C
 * order of their index, a complex one as its two parts, real first. Booleans must be the same byte; the gap of two 64-bit
 * integers is exact before it is rounded.
 */
export const compareNpy: Comparator = {
  name: 'npy',
  suffixes: ['.npy'],
  compare({ bytes: a }, { bytes: b }, tolerance) {
    const settled = settleByBytes(a, b)
    if (settled !== undefined) return settled
    const [first, second] = [openArray(a), openArray(b)]
    if (first === undefined || second === undefined) return differs('malformed')
    const [shape, other] = [shapeText(first.header), shapeText(second.header)]
    if (shape !== other) return differs('structure', { place: 'header', first: shape, second: other })
    const tally = createTally(tolerance, ([i, part = '']) => `${indexText(first.header.shape, Number(i))}${part}`)
    const compareAt = elementComparer(first, second, tally)
    const [offset, otherOffset] = [createOffsets(first.header), createOffsets(second.header)]
    for (let i = 0; i < first.header.count; i++) compareAt(i, offset(i), otherOffset(i))
    return tally.end()
  },
}

interface NpyArray {
  readonly header: NpyHeader
  /** Of the elements alone. */
  readonly view: DataView
}

function openArray(bytes: Uint8Array): NpyArray | undefined {
  const header = readNpyHeader(bytes)
  if (header === undefined) return undefined
  const { dataOffset } = header
  return { header, view: new DataView(bytes.buffer, bytes.byteOffset + dataOffset, bytes.length - dataOffset) }
}

type CompareAt = (i: number, a: number, b: number) => void

/** Compares the i-th elements, which are at two byte offsets. */
function elementComparer(a: NpyArray, b: NpyArray, tally: Tally): CompareAt {
  const { kind, itemBytes } = a.header
  if (kind === 'b') return (i, x, y) => tally.text(`${a.view.getUint8(x)}`, `${b.view.getUint8(y)}`, () => [i])
  if (kind !== 'f' && kind !== 'c' && itemBytes === 8) {
    const read = ({ view, header }: NpyArray, at: number): bigint =>
      kind === 'i' ? view.getBigInt64(at, header.littleEndian) : view.getBigUint64(at, header.littleEndian)
    return (i, x, y) => {
      const [m, n] = [read(a, x), read(b, y)]
      tally.number(Number(m), Number(n), () => [i], Number(m > n ? m - n : n - m))
    }
  }
  const [readA, readB] = [numberReader(a), numberReader(b)]
  if (kind !== 'c') return (i, x, y) => tally.number(readA(x), readB(y), () => [i])
  const half = itemBytes / 2
  return (i, x, y) => {
    tally.number(readA(x), readB(y), () => [i, '.real'])
    tally.number(readA(x + half), readB(y + half), () => [i, '.imag'])
  }
}

function numberReader({ header, view }: NpyArray): (at: number) => number {
  const { kind, itemBytes, littleEndian } = header
  const bytes = kind === 'c' ? itemBytes / 2 : itemBytes
  if (kind === 'f' || kind === 'c') {
    if (bytes === 2) return (at) => halfFloat(view.getUint16(at, littleEndian))
    return bytes === 4 ? (at) => view.getFloat32(at, littleEndian) : (at) => view.getFloat64(at, littleEndian)
  }
  const signed = kind === 'i'
  if (bytes === 1) return signed ? (at) => view.getInt8(at) : (at) => view.getUint8(at)
  if (bytes === 2) return signed ? (at) => view.getInt16(at, littleEndian) : (at) => view.getUint16(at, littleEndian)
  return signed ? (at) => view.getInt32(at, littleEndian) : (at) => view.getUint32(at, littleEndian)
}

/** IEEE 754 binary16: exact in binary64. */
function halfFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15))
}

/** Byte offset of the i-th element in C order; to be asked for i = 0, 1, 2, … in turn. */
function createOffsets({ shape, itemBytes, fortranOrder }: NpyHeader): (i: number) => number {
  if (!fortranOrder || shape.length < 2) return (i) => i * itemBytes
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((product, length) => product * length, itemBytes))
  const index = shape.map(() => 0)
  let offset = 0
  return (i) => {
    if (i === 0) return 0
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const [length = 1, stride = 0, at = 0] = [shape[axis], strides[axis], index[axis]]
      if (at + 1 < length) {
        index[axis] = at + 1
        offset += stride
        break
      }
      index[axis] = 0
      offset -= at * stride
    }
    return offset
  }
}

const shapeText = ({ kind, itemBytes, shape }: NpyHeader): string => `${kind}${itemBytes} (${shape.join(', ')})`

function indexText(shape: readonly number[], i: number): string {
  const index: number[] = []
  let rest = i
  for (const length of shape.toReversed()) {
    index.unshift(rest % length)
    rest = Math.floor(rest / length)
  }
  return `[${index.join(', ')}]`
}
