/** Writes the vectors of what core decides beside those of the protocol: `node packages/core/test/vectors/generate-vectors.ts`. */
import { writeFile } from 'node:fs/promises'
import type { Json } from '@assay/protocol'
import { bundleVector } from './bundle-vector.ts'
import { comparisonVector } from './comparison-vector.ts'
import { settlementVector } from './settlement-vector.ts'
import { verdictVector } from './verdict-vector.ts'

/** File name without extension → content. */
export async function buildVectors(): Promise<Readonly<Record<string, Json>>> {
  return {
    verdicts: verdictVector(),
    settlement: await settlementVector(),
    bundle: await bundleVector(),
    comparisons: comparisonVector(),
  }
}

export const vectorFile = (name: string): URL => new URL(`../../../protocol/vectors/${name}.json`, import.meta.url)
/** The text of a vector file. */
export const vectorText = (vector: Json): string => `${JSON.stringify(vector, null, 2)}\n`

if (import.meta.main) {
  for (const [name, vector] of Object.entries(await buildVectors()))
    await writeFile(vectorFile(name), vectorText(vector))
}
