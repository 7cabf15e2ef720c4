import type { SandboxSuccess } from '@assay/core'
import {
  createManifest,
  deriveResultRoot,
  hashBlob,
  hexToBytes,
  keccakText,
  type BlobRef,
  type ManifestEntry,
} from '@assay/protocol'
import { readFile, writeFile } from 'node:fs/promises'

/** From which byte of a file on its content is made up. */
export type SpoilFrom = (size: number) => number

/**
 * The same result with wrong bytes: every file keeps its name, size and kind of text, so that nothing but a re-run tells
 * it from an honest one. Two `seed`s spoil in two ways. A result without a byte to change stays as it is.
 */
export async function spoilResult(result: SandboxSuccess, seed: string, from: SpoilFrom): Promise<SandboxSuccess> {
  const noise = hexToBytes(keccakText(seed))
  const entries: ManifestEntry[] = []
  for (const entry of result.manifest.entries) {
    const path = entry.kind === 'directory' ? undefined : result.files.get(entry.kind === 'stdout' ? '' : entry.path)
    if (entry.kind === 'directory' || entry.size === 0 || path === undefined) entries.push(entry)
    else entries.push({ ...entry, root: (await spoilFile(path, noise, from)).root })
  }
  const made = createManifest(entries)
  if ('fault' in made) return result
  return { ...result, manifest: made.manifest, resultRoot: deriveResultRoot(made.manifest) }
}

/** Turns bytes into others of the same kind: a digit stays a digit, so that the file still looks right. */
async function spoilFile(path: string, noise: Uint8Array, from: SpoilFrom): Promise<BlobRef> {
  const bytes = new Uint8Array(await readFile(path))
  let changed = 0
  for (let at = bytes.length - 1; at >= from(bytes.length); at--) {
    const byte = bytes[at] ?? 0
    if (byte <= 0x20 && !(at === 0 && changed === 0)) continue
    bytes[at] = otherByte(byte, noise[changed % noise.length] ?? 0)
    changed += 1
  }
  await writeFile(path, bytes)
  return hashBlob(bytes)
}

const otherByte = (byte: number, noise: number): number =>
  byte >= 0x30 && byte <= 0x39 ? 0x30 + ((byte - 0x30 + 1 + (noise % 9)) % 10) : byte ^ (1 + (noise % 3))
