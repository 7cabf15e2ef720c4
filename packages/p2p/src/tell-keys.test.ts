import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isMarketError } from '@assay/protocol'
import { networkLimits } from './limits.ts'
import { parseKeys } from './tell-keys.ts'

const frame = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('keys told by a peer', () => {
  it('are one a line, none in an empty frame', () => {
    assert.deepEqual(parseKeys(frame('assay/1/class/d1\nassay/1/image/x'), networkLimits), [
      'assay/1/class/d1',
      'assay/1/image/x',
    ])
    assert.deepEqual(parseKeys(frame(''), networkLimits), [])
  })

  it('are refused when malformed, too long or too many', () => {
    const many = Array.from({ length: networkLimits.announcedKeys + 1 }, (_, i) => `assay/1/x/${i}`).join('\n')
    for (const text of ['x', 'assay/1/a\n', '\n', many, `assay/1/${'x'.repeat(300)}`, 'x'.repeat(100_000)])
      assert.throws(
        () => parseKeys(frame(text), networkLimits),
        (error) => isMarketError(error) && error.code === 'message-malformed',
      )
  })
})
