import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Surroundings, blockFaults, listCodeBlocks } from './doc-blocks.ts'
import { listManifests } from './manifests.ts'
import { listFiles, readText } from './repo-files.ts'

function look(): Surroundings {
  const manifests = listManifests()
  const scripts = manifests.find(({ folder }) => folder === '')?.fields['scripts']
  return {
    files: new Set(listFiles(/./)),
    scripts: new Set(Object.keys(scripts ?? {})),
    packages: new Set(manifests.map(({ fields }) => String(fields['name']))),
  }
}

describe('code blocks in Markdown', () => {
  const blocks = listFiles(/\.md$/).flatMap((path) => listCodeBlocks(path, readText(path)))

  it('are found', () => assert.ok(blocks.length > 0))

  it('parse, and name only what exists', () => {
    const around = look()
    assert.deepEqual(
      blocks.flatMap((block) => blockFaults(block, around)),
      [],
    )
  })
})

describe('relative links in Markdown', () => {
  it('lead to a file', () => {
    const known = listFiles(/./)
    const dead = listFiles(/\.md$/).flatMap((path) =>
      [...readText(path).matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g)]
        .map(([, link]) => new URL(link ?? '', `file:///${path}`).pathname.slice(1).replace(/\/$/, ''))
        .filter((target) => !known.some((file) => file === target || file.startsWith(`${target}/`)))
        .map((target) => `${path} links to ${target}`),
    )
    assert.deepEqual(dead, [])
  })
})

describe('the block check', () => {
  const around: Surroundings = {
    files: new Set(['scripts/demo', 'packages/cli/src/main.ts']),
    scripts: new Set(['check']),
    packages: new Set(['@assay/sdk']),
  }
  const faults = (language: string, code: string): string[] =>
    listCodeBlocks('x.md', `text\n\`\`\`${language}\n${code}\n\`\`\`\n`).flatMap((block) => blockFaults(block, around))

  it('finds blocks, their language and their line', () => {
    const blocks = listCodeBlocks('x.md', 'a\n\n```sh\nb\n```\n~~~\nc\n~~~\n````ts title\n```\n````\n')
    assert.deepEqual(
      blocks.map(({ language, line, code }) => [language, line, code]),
      [
        ['sh', 3, 'b'],
        ['', 6, 'c'],
        ['ts', 9, '```'],
      ],
    )
    assert.throws(() => listCodeBlocks('x.md', '```sh\nnever closed'), SyntaxError)
  })

  it('finds commands that do not exist', () => {
    assert.equal(faults('sh', './scripts/demo --json').length, 0)
    assert.equal(faults('sh', './scripts/demmo --json').length, 1)
    assert.equal(faults('sh', '$ npm run chek').length, 1)
    assert.equal(faults('sh', 'npm run check && node packages/cli/src/mian.ts').length, 1)
    assert.equal(faults('sh', 'npm run build -w contracts').length, 0)
    assert.equal(faults('sh', 'ls   # ./scripts/none').length, 0)
  })

  it('finds code that does not parse and packages that do not exist', () => {
    assert.equal(faults('ts', `import { open } from '@assay/sdk'\nconst x: number = 1`).length, 0)
    assert.equal(faults('ts', 'const x: = 1').length, 1)
    assert.equal(faults('ts', `import { open } from '@assay/client'`).length, 1)
    assert.equal(faults('json', '{"a":1,}').length, 1)
    assert.equal(faults('text', '{"a":1,}').length, 0)
  })
})
