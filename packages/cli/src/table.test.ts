import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { formatTable, shortId } from './table.ts'

describe('formatTable', () => {
  it('makes columns as wide as their widest cell, without spaces at the end', () => {
    assert.deepEqual(
      formatTable(
        ['shard', 'state'],
        [
          ['a', 'accepted'],
          ['long-name', ''],
        ],
      ),
      ['shard      state', '─────────  ────────', 'a          accepted', 'long-name'],
    )
  })

  it('has a head and a rule without rows', () => {
    assert.deepEqual(formatTable(['a', 'bc'], []), ['a  bc', '─  ──'])
  })

  it('begins each column at the same place in every line', () => {
    const cell = fc.stringMatching(/^[a-z0-9]{1,12}$/)
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 6 }), (rows) => {
        const lines = formatTable(['x', 'y', 'z'], rows)
        assert.equal(lines.length, rows.length + 2)
        const starts = [...(lines[1] ?? '').matchAll(/─+/g)].map((match) => match.index)
        for (const [i, row] of rows.entries())
          for (const [column, text] of row.entries())
            assert.ok(lines[i + 2]?.slice(starts[column]).startsWith(text), lines.join('\n'))
      }),
    )
  })
})

describe('shortId', () => {
  it('keeps the ends of long ids and leaves short ones alone', () => {
    assert.equal(shortId('0x1234567890abcdef1234567890abcdef12345678'), '0x12345678…5678')
    assert.equal(shortId('provider-1'), 'provider-1')
  })
})
