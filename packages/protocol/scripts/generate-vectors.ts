/** Writes packages/protocol/vectors/*.json. Same bytes on every run: `node packages/protocol/scripts/generate-vectors.ts`. */
import { writeFile } from 'node:fs/promises'
import type { Json } from '../src/index.ts'
import { eip712Vector } from './eip712-vector.ts'

/** File name without extension → content. */
export async function buildVectors(): Promise<Readonly<Record<string, Json>>> {
  return { eip712: eip712Vector() }
}

/** The text of a vector file. */
export const vectorText = (vector: Json): string => `${JSON.stringify(vector, null, 2)}\n`

if (import.meta.main) {
  for (const [name, vector] of Object.entries(await buildVectors())) {
    await writeFile(new URL(`../vectors/${name}.json`, import.meta.url), vectorText(vector))
  }
}
