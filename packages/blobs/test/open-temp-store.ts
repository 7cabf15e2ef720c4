/** A store in a folder of its own that is removed afterwards. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { byteCount } from '@assay/protocol'
import { openBlobStore, type BlobStoreOptions, type ResumableBlobStore } from '../src/index.ts'

export interface TempFolder extends AsyncDisposable {
  readonly dir: string
}

export async function makeTempFolder(): Promise<TempFolder> {
  const dir = await mkdtemp(join(tmpdir(), 'assay-blobs-'))
  return { dir, [Symbol.asyncDispose]: async () => rm(dir, { recursive: true, force: true }) }
}

export interface TempStore extends TempFolder {
  readonly store: ResumableBlobStore
}

export async function openTempStore(options: Partial<BlobStoreOptions> = {}): Promise<TempStore> {
  const folder = await makeTempFolder()
  const store = await openBlobStore({ dir: folder.dir, capBytes: byteCount(1024 ** 3), ...options })
  return {
    dir: folder.dir,
    store,
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}
