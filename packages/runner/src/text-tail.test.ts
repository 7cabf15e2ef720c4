import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createTextTail } from './text-tail.ts'

describe('text tail', () => {
  it('is the end of everything added', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z]{0,9}$/)), fc.integer({ min: 1, max: 20 }), (parts, bound) => {
        const tail = createTextTail(bound)
        for (const part of parts) tail.add(Buffer.from(part))
        assert.equal(tail.text(), parts.join('').slice(-bound))
      }),
    )
  })

  it('does not keep hold of the chunk it was given', () => {
    const tail = createTextTail(10)
    const chunk = Buffer.from('abc')
    tail.add(chunk)
    chunk.fill('x')
    assert.equal(tail.text(), 'abc')
  })
})
