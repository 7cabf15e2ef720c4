import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { undocumentedLimits } from './limits.ts'
import { listFiles, readText } from './repo-files.ts'

describe('limits', () => {
  const files = listFiles(/\/limits\.ts$/)

  it('are found', () => assert.ok(files.length > 0))

  it('each say why that number', () => {
    assert.deepEqual(
      files.flatMap((path) => undocumentedLimits(path, readText(path))),
      [],
    )
  })
})

describe('undocumentedLimits', () => {
  const find = (source: string): string[] => undocumentedLimits('limits.ts', source)

  it('wants a doc comment with a reason right above each constant', () => {
    assert.equal(find('export const maxPeers = 5').length, 1)
    assert.equal(find('// because five of them fit one packet\nexport const maxPeers = 5').length, 1)
    assert.equal(find('/** Peers. */\nexport const maxPeers = 5').length, 1)
    assert.equal(find('/** As many as one packet can name. */\nexport const maxPeers = 5').length, 0)
    assert.equal(find('/** As many as one packet can name. */\nexport const a = 5\n\nexport const b = 6').length, 1)
  })

  it('lets one comment speak for two lines, not for three', () => {
    const pair = '/** First and longest wait for a peer. */\nexport const firstMs = 5\nexport const longestMs = 6'
    assert.equal(find(pair).length, 0)
    assert.equal(find(`${pair}\nexport const more = 7`).length, 1)
  })

  it('wants one for each member of an object', () => {
    assert.equal(
      find('/** All the bounds of this package. */\nexport const LIMITS = {\n  a: 1,\n  b: 2 } as const').length,
      2,
    )
    assert.equal(
      find('export const LIMITS = {\n  /** As many as one packet can name. */\n  a: 1,\n\n  b: 2 }').length,
      1,
    )
  })
})
