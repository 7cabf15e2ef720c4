/** The published vectors are what the code decides today. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { it } from 'node:test'
import { buildVectors, vectorFile, vectorText } from '../test/vectors/generate-vectors.ts'

for (const [name, vector] of Object.entries(await buildVectors()))
  it(`vectors/${name}.json is fresh`, async () => {
    const file = await readFile(vectorFile(name), 'utf8')
    assert.equal(file, vectorText(vector), 'run: node packages/core/test/vectors/generate-vectors.ts')
  })
