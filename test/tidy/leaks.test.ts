import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { findLeaks } from './leaks.ts'
import { ROOT, listFiles, readText } from './repo-files.ts'

describe('tracked files', () => {
  // This file holds planted leaks, and the patterns are next door.
  const files = listFiles(/./).filter((path) => !/^test\/tidy\/leaks(\.test)?\.ts$/.test(path))

  it('are found', () => assert.ok(files.length > 100, `only ${files.length} files found`))

  it('hold nothing of one machine and no secret', () => {
    assert.deepEqual(
      files.flatMap((path) => findLeaks(path, readText(path))),
      [],
    )
  })
})

describe('findLeaks', () => {
  const planted = [
    'see /home/alice/assay',
    '"/Users/bob/src"',
    'C:\\Users\\carol',
    'cat /root/.npmrc',
    '"resolved": "https://registry.npmjs.org/x/-/x-1.0.0.tgz"',
    'registry=https://example.org',
    '@assay:registry = https://example.org',
    '//example.org/:_authToken=abc',
    '-----BEGIN PRIVATE KEY-----',
    `see ${join(ROOT, 'README.md')}`,
  ]
  for (const text of planted)
    it(`finds: ${text.replace(ROOT, '<clone>')}`, () => assert.equal(findLeaks('x', text).length > 0, true))

  for (const text of [
    '/out and /in',
    'https://example.org/home/alice/',
    'uid of root',
    '/home/user/data',
    'docker run registry:2',
    'ignore-scripts=true',
  ]) {
    it(`is content with: ${text}`, () => assert.deepEqual(findLeaks('x', text), []))
  }

  it('names the line', () => assert.deepEqual(findLeaks('x', 'a\nb\n/root/.ssh\n'), ["x:3 holds root's home folder"]))
})
