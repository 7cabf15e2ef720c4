import assert from 'node:assert/strict'
import { readFile, readdir } from 'node:fs/promises'
import { describe, it } from 'node:test'

import { renderAbiModules } from '../scripts/render-abi.ts'

const folder = new URL('../../packages/chain/src/abi/', import.meta.url)

describe('the generated ABI modules', () => {
  it('are what the contracts compile to now; if not, run "npm run build -w contracts"', async () => {
    const modules = await renderAbiModules()
    for (const { file, text } of modules) {
      const committed = await readFile(new URL(file, folder), 'utf8')
      assert.equal(committed, text, `${file} is stale`)
    }
    assert.deepEqual(
      (await readdir(folder)).toSorted(),
      modules.map(({ file }) => file).toSorted(),
      'the folder holds generated modules and nothing else',
    )
  })
})
