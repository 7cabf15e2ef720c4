/**
 * Writes packages/protocol/vectors: `node packages/protocol/scripts/generate-vectors.ts`. Same bytes on every run.
 * `verdicts.json`, `settlement.json` and `comparisons.json` are core's: `node packages/core/test/vectors/generate-vectors.ts`.
 */
import { writeFile } from 'node:fs/promises'
import type { Json } from '../src/index.ts'
import { certificateVector } from './certificate-vector.ts'
import { classVector } from './class-vector.ts'
import { commitmentVector } from './commitment-vector.ts'
import { eip712Vector } from './eip712-vector.ts'
import { envelopeVector } from './envelope-vector.ts'
import { samplingVector } from './sampling-vector.ts'
import { blobVector, manifestVector, merkleVector } from './tree-vectors.ts'

/** File name without extension → content. */
export async function buildVectors(): Promise<Readonly<Record<string, Json>>> {
  return {
    eip712: eip712Vector(),
    commitments: commitmentVector(),
    sampling: samplingVector(),
    merkle: merkleVector(),
    blob: await blobVector(),
    manifest: manifestVector(),
    envelopes: await envelopeVector(),
    certificates: await certificateVector(),
    classes: await classVector(),
  }
}

/** The text of a vector file. */
export const vectorText = (vector: Json): string => `${JSON.stringify(vector, null, 2)}\n`

if (import.meta.main) {
  for (const [name, vector] of Object.entries(await buildVectors())) {
    await writeFile(new URL(`../vectors/${name}.json`, import.meta.url), vectorText(vector))
  }
}
