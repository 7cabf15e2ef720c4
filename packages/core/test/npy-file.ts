/** Writes NPY files as `numpy.save` does, and as nobody should. */
export interface NpyFile {
  readonly descr?: string
  readonly fortranOrder?: boolean
  readonly shape: readonly number[]
  readonly data: Uint8Array
  readonly version?: 1 | 2 | 3
  /** Instead of the header that follows from the rest. */
  readonly header?: string
}

export function npyFile({
  descr = '<f8',
  fortranOrder = false,
  shape,
  data,
  version = 1,
  header,
}: NpyFile): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`
  const text =
    header ?? `{'descr': '${descr}', 'fortran_order': ${fortranOrder ? 'True' : 'False'}, 'shape': ${tuple}, }`
  const prefix = version === 1 ? 10 : 12
  const padded = `${text.padEnd(Math.ceil((text.length + 1 + prefix) / 64) * 64 - prefix - 1)}\n`
  const head = new Uint8Array(prefix)
  head.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0])
  const view = new DataView(head.buffer)
  if (version === 1) view.setUint16(8, padded.length, true)
  else view.setUint32(8, padded.length, true)
  return new Uint8Array(Buffer.concat([head, Buffer.from(padded, 'latin1'), data]))
}

/** Bytes of doubles, little-endian unless said otherwise. */
export function doubles(values: readonly number[], littleEndian = true): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 8))
  values.forEach((value, i) => view.setFloat64(i * 8, value, littleEndian))
  return new Uint8Array(view.buffer)
}
