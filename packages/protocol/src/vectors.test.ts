/** The published vectors are what the code gives today; a second implementation is tested against the files. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { it } from 'node:test'
import { buildVectors, vectorText } from '../scripts/generate-vectors.ts'

for (const [name, vector] of Object.entries(await buildVectors()))
  it(`vectors/${name}.json is fresh`, async () => {
    const file = await readFile(new URL(`../vectors/${name}.json`, import.meta.url), 'utf8')
    assert.equal(file, vectorText(vector), 'run: node packages/protocol/scripts/generate-vectors.ts')
  })
