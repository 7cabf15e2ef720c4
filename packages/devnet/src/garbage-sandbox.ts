import type { Sandbox, SandboxOutcome, SandboxSuccess } from '@assay/core'
import { byteCount, createManifest, deriveResultRoot, hashBlob, type ManifestEntry } from '@assay/protocol'
import { readFile, writeFile } from 'node:fs/promises'

/**
 * A sandbox that cheats: every file of the result has the right name and size and wrong bytes, so nothing but a re-run
 * tells it from an honest one. A result without a byte to change gets a file that nobody wrote.
 */
export function openGarbageSandbox(honest: Sandbox): Sandbox {
  return {
    probe: (signal) => honest.probe(signal),
    ensureImage: (image, signal) => honest.ensureImage(image, signal),
    reconcile: (signal) => honest.reconcile(signal),
    async run(task, signal, observe) {
      const outcome = await honest.run(task, signal, observe)
      return outcome.kind === 'ok' ? spoil(outcome) : outcome
    },
    [Symbol.asyncDispose]: () => honest[Symbol.asyncDispose](),
  }
}

async function spoil(result: SandboxSuccess): Promise<SandboxOutcome> {
  const entries: ManifestEntry[] = []
  for (const entry of result.manifest.entries) {
    if (entry.kind === 'directory' || entry.size === 0) entries.push(entry)
    else entries.push({ ...entry, root: await spoilFile(result.files.get(entry.kind === 'stdout' ? '' : entry.path)!) })
  }
  const made = createManifest(entries)
  if ('fault' in made) return result
  return { ...result, manifest: made.manifest, resultRoot: deriveResultRoot(made.manifest) }
}

/** Turns the last byte into another one of the same kind: a digit stays a digit, so that the file still looks right. */
async function spoilFile(path: string) {
  const bytes = new Uint8Array(await readFile(path))
  const at = bytes.findLastIndex((byte) => byte > 0x20)
  const index = at < 0 ? bytes.length - 1 : at
  const byte = bytes[index]!
  bytes[index] = byte >= 0x30 && byte <= 0x39 ? 0x30 + ((byte - 0x30 + 1) % 10) : byte ^ 1
  await writeFile(path, bytes)
  const { root, size } = await hashBlob(bytes)
  if (size !== byteCount(bytes.length)) throw new Error('unreachable: the size did not change')
  return root
}
