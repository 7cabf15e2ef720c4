import { agrees, differs, firstDifference, type Comparator } from './comparator.ts'

/** Byte for byte: what every file without a rule is held to. */
export const compareBytes: Comparator = {
  name: 'bytes',
  suffixes: [],
  compare({ bytes: a }, { bytes: b }) {
    const at = firstDifference(a, b)
    if (at === undefined) return agrees
    return differs('bytes', { place: `byte ${at}`, first: hexOf(a[at]), second: hexOf(b[at]) })
  },
}

const hexOf = (byte: number | undefined): string => (byte === undefined ? 'end' : byte.toString(16).padStart(2, '0'))
