import type { BlobStore, PutBlobOptions } from '@assay/core'
import { byteCount, createBlobHasher, MarketError, type BlobRoot, type ByteCount, type ChunkList } from '@assay/protocol'
import { createReadStream } from 'node:fs'
import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface BlobStoreOptions {
  readonly dir: string
  readonly capBytes: ByteCount
}
export async function openBlobStore({ dir }: BlobStoreOptions): Promise<BlobStore> {
  await mkdir(join(dir, 'tmp'), { recursive: true, mode: 0o700 })
  let counter = 0
  const path = (root: BlobRoot): string => join(dir, root.slice(2))
  const exists = (file: string): Promise<boolean> => stat(file).then(() => true, () => false)
  const readList = async (root: BlobRoot): Promise<ChunkList | undefined> => {
    const text = await readFile(`${path(root)}.list`, 'utf8').catch(() => undefined)
    if (text === undefined) return undefined
    const { size, chunks } = JSON.parse(text) as { size: number; chunks: string[] }
    return { size: byteCount(size), chunks: chunks.map((hex) => new Uint8Array(Buffer.from(hex, 'hex'))) }
  }
  return {
    async put(source: AsyncIterable<Uint8Array>, options: PutBlobOptions, signal) {
      const temp = join(dir, 'tmp', `${process.pid}-${counter++}`)
      const hasher = createBlobHasher()
      const file = await open(temp, 'wx', 0o600)
      try {
        let size = 0
        for await (const part of source) {
          signal.throwIfAborted()
          size += part.length
          if (size > options.maxBytes) throw new MarketError('blob-too-large', 'too large')
          await hasher.update(part)
          await file.write(part)
        }
        await file.sync()
      } finally {
        await file.close()
      }
      const { root, size, list } = await hasher.digest()
      if (options.expect !== undefined && options.expect !== root) {
        await rm(temp)
        throw new MarketError('blob-mismatch', 'another root')
      }
      await writeFile(`${path(root)}.list`, JSON.stringify({ size, chunks: list.chunks.map((chunk) => Buffer.from(chunk).toString('hex')) }))
      await rename(temp, path(root))
      return { root, size }
    },
    list: readList,
    has: async (root) => (await exists(path(root))) && (await exists(`${path(root)}.list`)),
    async *read(root, { offset }, signal) {
      for await (const part of createReadStream(path(root), { start: offset ?? 0, signal })) yield new Uint8Array(part as Buffer)
    },
    pathOf: async (root) => path(root),
    pin: async () => undefined,
    release: async () => undefined,
    usedBytes: async () => byteCount(0),
    [Symbol.asyncDispose]: async () => undefined,
  }
}
