import {
  blobChunkBytes,
  bytesToHex,
  byteCount,
  createBlobHasher,
  createManifest,
  deriveResultRoot,
  encodeManifest,
  hashBlob,
  merkleLeaf,
  merkleProof,
  merkleRoot,
  pathFault,
  type BlobRoot,
  type Json,
  type ManifestEntry,
  toJson,
} from '../src/index.ts'
import { named } from './actors.ts'

const text = new TextEncoder()

/** Trees of 1 to 5 leaves with every proof. */
export function merkleVector(): Json {
  const leaves = ['', 'a', 'b', 'c', 'd'].map((word) => ({
    bytes: bytesToHex(text.encode(word)),
    hash: merkleLeaf(text.encode(word)),
  }))
  return toJson({
    leaves,
    trees: leaves.map((_, i) => {
      const hashes = leaves.slice(0, i + 1).map(({ hash }) => hash)
      return { leaves: i + 1, root: merkleRoot(hashes), proofs: hashes.map((__, at) => merkleProof(hashes, at)) }
    }),
  })
}

/** Blobs on both sides of a chunk border; byte i of each is i mod 251. */
export async function blobVector(): Promise<Json> {
  const sizes = [0, 1, 251, blobChunkBytes - 1, blobChunkBytes, blobChunkBytes + 1, 2 * blobChunkBytes + 1]
  const blobs: Json[] = []
  for (const size of sizes) {
    const hasher = createBlobHasher()
    await hasher.update(Uint8Array.from({ length: size }, (_, i) => i % 251))
    const { root, list } = await hasher.digest()
    blobs.push({ size, chunks: list.chunks.map(bytesToHex), root })
  }
  const hello = await hashBlob(text.encode('hello\n'))
  return { chunkBytes: blobChunkBytes, byteAt: 'i mod 251', blobs, text: { text: 'hello\n', root: hello.root } }
}

/** Trees in canonical form, and paths that no manifest takes. */
export function manifestVector(): Json {
  const root = named<BlobRoot>('file')
  const size = byteCount(6)
  const file = (path: string, executable = false): ManifestEntry => ({ kind: 'file', path, executable, size, root })
  const trees: readonly (readonly ManifestEntry[])[] = [
    [],
    [{ kind: 'stdout', size, root }],
    [file('b'), file('a-b'), file('a/b'), { kind: 'directory', path: 'a' }, file('run', true)],
    [file('\u{1f600}'), file('\uff5e'), file('\u00e9')],
  ]
  const refused = ['', '/a', 'a/', 'a//b', '.', 'a/./b', '..', '../a', 'a\nb', 'a\u007f', 'e\u0301', 'a'.repeat(1025)]
  return toJson({
    trees: trees.map((entries) => {
      const made = createManifest(entries)
      if ('fault' in made) throw new Error(made.fault)
      return { entries, text: encodeManifest(made.manifest), resultRoot: deriveResultRoot(made.manifest) }
    }),
    refusedPaths: refused.map((path) => ({ path: bytesToHex(text.encode(path)), fault: pathFault(path) ?? 'none' })),
    refusedTrees: [
      { paths: ['f a', 'f a/b'], fault: faultOf([file('a'), file('a/b')]) },
      { paths: ['f a', 'd a'], fault: faultOf([file('a'), { kind: 'directory', path: 'a' }]) },
    ],
  })
}

function faultOf(entries: readonly ManifestEntry[]): string {
  const made = createManifest(entries)
  return 'fault' in made ? made.fault : 'none'
}
