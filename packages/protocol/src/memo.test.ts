import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { createMemo } from './memo.ts'

it('gives what the function gives, whatever was asked before', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 9 })), fc.integer({ min: 1, max: 5 }), (asked, capacity) => {
      const memo = createMemo<number>(capacity)
      for (const n of asked)
        assert.equal(
          memo.get(`${n}`, () => n * n),
          n * n,
        )
    }),
  )
})

it('asks once while it remembers, and again for what it had to drop', () => {
  const memo = createMemo<string | undefined>(2)
  const made: string[] = []
  const ask = (key: string): void => {
    memo.get(key, () => {
      made.push(key)
      return undefined
    })
  }
  for (const key of ['a', 'a', 'b', 'a', 'c', 'b', 'a']) ask(key)
  assert.deepEqual(made, ['a', 'b', 'c', 'a'])
})
