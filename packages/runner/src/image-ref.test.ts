import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isMarketError } from '@assay/protocol'
import { parseImageRef } from './image-ref.ts'

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`

describe('parseImageRef', () => {
  it('reads digests with and without a name', () => {
    assert.deepEqual(parseImageRef(digest), { digest })
    assert.deepEqual(parseImageRef(`localhost:5000/a/b@${digest}`), { name: 'localhost:5000/a/b', digest })
  })

  it('refuses everything that is not pinned', () => {
    for (const image of [
      '',
      'busybox',
      'busybox:1',
      digest.slice(0, -1),
      digest.toUpperCase(),
      `a@b@${digest}`,
      `${digest}\n`,
      `-x@${digest}`,
    ]) {
      assert.throws(
        () => parseImageRef(image),
        (error) => isMarketError(error) && error.code === 'image-unknown',
        image,
      )
    }
  })
})
