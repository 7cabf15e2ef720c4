import { concatBytes, MarketError } from '@assay/protocol'
import { limits } from './limits.ts'
import type { ShardOutput } from './shard-output.ts'

/** A small result in memory, verified. */
export interface CollectedFiles {
  /** Bytes of every file below `/out`, by path. */
  readonly files: ReadonlyMap<string, Uint8Array>
  /** Captured standard output as UTF-8; empty when there was none. */
  readonly stdout: string
}

/**
 * Reads a whole result into memory, for pages and scripts. Throws `blob-too-large` past `maxBytes` (default 64 MiB) before
 * downloading, and what `ShardOutput.read` throws.
 */
export async function collectFiles(
  result: ShardOutput,
  options: { readonly maxBytes?: number; readonly signal?: AbortSignal } = {},
): Promise<CollectedFiles> {
  const maxBytes = options.maxBytes ?? limits.collectBytes
  // Sealing only adds: a result is never larger than its sealed form.
  if (result.sealed.size > maxBytes) {
    throw new MarketError('blob-too-large', `the result of ${result.name} does not fit; read it as a stream`, {
      details: { bytes: result.sealed.size, maxBytes },
    })
  }
  const files = new Map<string, Uint8Array>()
  let stdout = ''
  await result.read(async (entry, bytes) => {
    if (entry.kind === 'directory') return
    const parts: Uint8Array[] = []
    for await (const part of bytes) parts.push(part)
    const whole = concatBytes(...parts)
    if (entry.kind === 'stdout') stdout = new TextDecoder().decode(whole)
    else files.set(entry.path, whole)
  }, options.signal)
  return { files, stdout }
}
