import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FindingKind } from '@assay/protocol'
import { readText } from './repo-files.ts'

describe('docs/explain.md', () => {
  it('has a heading for every kind of finding and no other', () => {
    const headings = [...readText('docs/explain.md').matchAll(/^### (.+)$/gm)].map(([, heading]) => heading)
    assert.deepEqual(headings, FindingKind.options)
  })
})
