import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { asAddress, type ResultRoot } from '@assay/protocol'
import { named } from '@assay/testkit'
import fc from 'fast-check'
import { appealSize } from './appeal-seats.ts'
import { decideAppeal } from './decide-appeal.ts'

const seat = (letter: string, i: number) => ({
  validator: asAddress(`0x${i.toString(16).padStart(40, '0')}`),
  root: named<ResultRoot>(letter),
})
const decide = (letters: string, size = 7): string | undefined => {
  const majority = decideAppeal({ results: letters.split('').map(seat), size })
  return ['a', 'b', 'c'].find((letter) => named(letter) === majority)
}
const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 33 })
const sizes = fc.constantFrom(7, 15, 31)

describe('decideAppeal', () => {
  it('follows more than half of the asked seats', () => {
    assert.equal(decide('aaaabbb'), 'a')
    assert.equal(decide('bbbaaaa'), 'a')
    assert.equal(decide('aaabbbc'), undefined)
    assert.equal(decide('aaa'), undefined)
    assert.equal(decide('aaaa'), 'a')
    assert.equal(decide(''), undefined)
  })

  it('counts no more seats than were asked for', () => {
    assert.equal(decide('aaabbbcaa'), undefined)
  })

  it('does not depend on the order of those that count', () => {
    fc.assert(
      fc.property(letters, sizes, (text, size) => {
        const counted = text.slice(0, size)
        assert.equal(decide(counted.split('').toReversed().join(''), size), decide(counted, size))
      }),
    )
  })

  it('finds nothing unless more than half of the seats agree', () => {
    fc.assert(
      fc.property(letters, sizes, (text, size) => {
        const most = decide(text, size)
        const counts = ['a', 'b', 'c'].map(
          (letter) =>
            text
              .slice(0, size)
              .split('')
              .filter((one) => one === letter).length,
        )
        assert.equal(most !== undefined, Math.max(...counts) * 2 > size)
      }),
    )
  })
})

describe('appealSize', () => {
  it('is odd and grows with every appeal', () => {
    assert.deepEqual([1, 2, 3].map(appealSize), [7, 15, 31])
  })
})
