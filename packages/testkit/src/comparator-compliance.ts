/** What every `Comparator` must do, whatever it compares. Another one is in once it passes. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Comparator, NumericTolerance } from '@assay/core'
import { createSeededRng, type SeededRng } from './seeded-rng.ts'

export interface ComparatorSubject {
  readonly comparator: Comparator
  /** Files that it reads, some near each other, some far apart; at least four. */
  readonly files: readonly Uint8Array[]
}

/** Declares the suite; everything is drawn from a seed, so a failure comes back. */
export function comparatorCompliance({ comparator, files }: ComparatorSubject): void {
  const compare = (a: Uint8Array, b: Uint8Array, tolerance: NumericTolerance) =>
    comparator.compare({ bytes: a }, { bytes: b }, tolerance)
  const rng = createSeededRng(`comparator ${comparator.name}`)
  const hostile = [...files, ...files.flatMap((file) => spoil(rng, file)), ...noise(rng)]

  describe(`comparator compliance: ${comparator.name}`, () => {
    it('has subjects that it tells apart', () => {
      assert.ok(files.length >= 4)
      const [first, ...others] = files
      assert.ok(first !== undefined && others.some((other) => !compare(first, other, exact).equal))
    })

    it('is reflexive: files of the same bytes agree, whatever they hold', () => {
      for (const file of hostile)
        assert.deepEqual(compare(file, file.slice(), exact).equal, true, `${comparator.name} ${hex(file)}`)
    })

    it('is symmetric: the order of the two changes nothing but which is called first', () => {
      for (const [a, b] of pairs(rng, hostile))
        for (const tolerance of ladder) {
          const [one, other] = [compare(a, b, tolerance), compare(b, a, tolerance)]
          assert.deepEqual(other.counts, one.counts)
          assert.deepEqual([other.equal, other.reason], [one.equal, one.reason])
          const swapped = other.differences.map(({ first, second, ...rest }) => ({
            ...rest,
            first: second,
            second: first,
          }))
          assert.deepEqual(swapped, one.differences)
        }
    })

    it('is monotone: what agrees within a tolerance agrees within a wider one', () => {
      for (const [a, b] of pairs(rng, hostile)) {
        const equal = ladder.map((tolerance) => compare(a, b, tolerance).equal)
        for (const [i, wide] of equal.entries())
          for (const [j, narrow] of equal.entries())
            if (isWider(ladder[i], ladder[j])) assert.ok(wide || !narrow, `${hex(a)} ${hex(b)} ${i} ${j}`)
      }
    })

    it('is total: arbitrary bytes get an answer, with a reason exactly when they do not agree', () => {
      for (const [a, b] of pairs(rng, hostile)) {
        const { equal, reason, counts, differences } = compare(a, b, exact)
        assert.equal(reason === undefined, equal)
        assert.ok(Object.values(counts).every((count) => Number.isSafeInteger(count) && count >= 0))
        assert.ok(differences.length <= 8)
      }
    })

    it('looks at the bytes of its view alone, and leaves them as they are', () => {
      for (const file of files) {
        const room = new Uint8Array(file.length + 7).fill(0x31)
        room.set(file, 3)
        const view = room.subarray(3, 3 + file.length)
        for (const other of files) assert.deepEqual(compare(view, other, exact), compare(file, other, exact))
        assert.deepEqual(view, file)
      }
    })
  })
}

const exact: NumericTolerance = { absolute: 0, relative: 0, l2: undefined, outlierPpm: 0, outlierFactor: 1 }
/** Some tolerances, comparable and not. */
const ladder: readonly NumericTolerance[] = [
  exact,
  { ...exact, l2: 0 },
  { ...exact, absolute: 1e-9 },
  { ...exact, absolute: 1e-9, relative: 1e-6 },
  { ...exact, absolute: 1e-9, relative: 1e-6, l2: 1e-7 },
  { ...exact, absolute: 1e-9, relative: 1e-6, l2: 1e-3 },
  { ...exact, absolute: 1e-9, relative: 1e-6, outlierPpm: 200_000, outlierFactor: 10 },
  { ...exact, absolute: 1e-9, relative: 1e-6, outlierPpm: 500_000, outlierFactor: 1e6 },
  { ...exact, absolute: 10, relative: 0.5, outlierPpm: 1_000_000, outlierFactor: 1e6 },
  { ...exact, absolute: 1e15, relative: 1, outlierPpm: 1_000_000, outlierFactor: 1e6 },
]

function isWider(wide: NumericTolerance | undefined, narrow: NumericTolerance | undefined): boolean {
  if (wide === undefined || narrow === undefined) return false
  return (
    wide.absolute >= narrow.absolute &&
    wide.relative >= narrow.relative &&
    (wide.l2 ?? Infinity) >= (narrow.l2 ?? Infinity) &&
    wide.outlierPpm >= narrow.outlierPpm &&
    wide.outlierFactor >= narrow.outlierFactor
  )
}

/** A file with a byte changed, put in, taken out; cut; and twice in a row. */
function spoil(rng: SeededRng, file: Uint8Array): readonly Uint8Array[] {
  const at = rng.below(file.length + 1)
  const changed = file.slice()
  if (at < file.length) changed[at] = (changed[at] ?? 0) ^ (1 << rng.below(8))
  const join = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]))
  return [
    changed,
    join(file.subarray(0, at), rng.bytes(1), file.subarray(at)),
    join(file.subarray(0, at), file.subarray(at + 1)),
    file.slice(0, at),
    join(file, file),
  ]
}

function noise(rng: SeededRng): readonly Uint8Array[] {
  const text = (word: string): Uint8Array => new TextEncoder().encode(word)
  const random = Array.from({ length: 8 }, (_, i) => rng.bytes(i * 3))
  return [...random, text('['.repeat(100_000)), text('{"a":'.repeat(100_000)), text('"'), text('\r\n\n'), text('nan')]
}

/** Every file with some others; enough to meet all kinds, few enough for milliseconds. */
function* pairs(rng: SeededRng, all: readonly Uint8Array[]): Generator<readonly [Uint8Array, Uint8Array]> {
  for (const a of all) for (let i = 0; i < 6; i++) yield [a, rng.pick(all)]
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes.subarray(0, 64)).toString('hex')
