/** The `BlobStore` port on a folder. */
import { randomUUID } from 'node:crypto'
import { open, rm, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { BlobStore, Clock, PutBlobOptions } from '@assay/core'
import { assertBug, blobChunkBytes, byteCount, deriveBlobRoot, isMarketError, MarketError } from '@assay/protocol'
import type { BlobRef, BlobRoot, ByteCount, ChunkList } from '@assay/protocol'
import { abortable } from './abortable.ts'
import { createBlobIndex } from './blob-index.ts'
import { listFileBytes } from './chunk-list.ts'
import { isMissing, makeFolder, removeIfThere, renameSynced, syncFolder, writeSynced } from './durable-files.ts'
import { loadStore, readList } from './load-store.ts'
import { createMutex } from './mutex.ts'
import { openDraft } from './open-draft.ts'
import { openPartial, type PartialBlob } from './partial-blob.ts'
import { raceAbort } from './race-abort.ts'
import { readChecked, readPlain } from './read-blob.ts'
import { rechunk } from './rechunk.ts'
import { createStoreSpace, type StoreSpace } from './store-space.ts'
import { blobPath, fileName, listPath, pinFolder, storePaths, type StorePaths } from './store-paths.ts'

/** A store that can go on with a transfer where it broke. */
export interface ResumableBlobStore extends BlobStore {
  /**
   * Opens the copy of a blob that is being transferred; `undefined` when the blob is stored already. A second caller
   * waits until the first has put the copy down. `owner` pins the blob when it is complete.
   */
  resume(ref: BlobRef, options: { readonly owner?: string }, signal: AbortSignal): Promise<PartialBlob | undefined>
}

export interface DiskBlobStoreOptions {
  readonly dir: string
  readonly capBytes: ByteCount
  readonly clock: Clock
  readonly verifyReads: boolean
}

export class DiskBlobStore implements ResumableBlobStore {
  readonly #options: DiskBlobStoreOptions
  readonly #paths: StorePaths
  readonly #index = createBlobIndex()
  readonly #mutex = createMutex()
  readonly #space: StoreSpace
  /** Copies being worked on, each with the end of that. */
  readonly #busy = new Map<BlobRoot, Promise<undefined>>()
  #closed = false

  constructor(options: DiskBlobStoreOptions) {
    this.#options = options
    this.#paths = storePaths(options.dir)
    this.#space = createStoreSpace({
      capBytes: options.capBytes,
      index: this.#index,
      mutex: this.#mutex,
      removeBlob: async (root) => removeWithList(blobPath(this.#paths, root)),
      removePartial: async (root) => removeWithList(join(this.#paths.partial, fileName(root))),
    })
  }

  /** Reads the folder and brings it below the cap. Call once, first. */
  async load(): Promise<void> {
    const partials = await loadStore(this.#paths, this.#index)
    for (const [root, bytes] of partials) {
      await this.#space.reserve(bytes)
      await this.#space.keepIdle(root, bytes)
    }
    await this.#space.reserve(0)
  }

  async put(source: AsyncIterable<Uint8Array>, options: PutBlobOptions, signal: AbortSignal): Promise<BlobRef> {
    this.#assertOpen()
    signal.throwIfAborted()
    const known = options.expect === undefined ? undefined : await this.#keepKnown(options.expect, options)
    if (known !== undefined) return known
    const path = join(this.#paths.temp, randomUUID())
    let booked = 0
    const book = async (bytes: number): Promise<void> => {
      await this.#space.reserve(bytes)
      booked += bytes
    }
    try {
      await using draft = await openDraft(path)
      for await (const chunk of rechunk(abortable(source, signal), blobChunkBytes)) {
        if (draft.size + chunk.length > options.maxBytes) throw tooLarge(options.maxBytes)
        await book(chunk.length)
        await draft.append(chunk)
      }
      await book(listFileBytes(draft.size))
      const list = await draft.finish()
      const root = await deriveBlobRoot(list)
      if (options.expect !== undefined && root !== options.expect) throw mismatch(options.expect, root)
      signal.throwIfAborted()
      const ref = { root, size: list.size }
      await this.#adopt(path, ref, { owner: options.owner, booked })
      booked = 0
      return ref
    } finally {
      await removeWithList(path)
      this.#space.release(booked)
    }
  }

  async list(root: BlobRoot): Promise<ChunkList | undefined> {
    this.#assertOpen()
    if (!this.#index.has(root)) return undefined
    const list = await readList(blobPath(this.#paths, root))
    if (list !== undefined && (await deriveBlobRoot(list)) === root) return list
    // Evicted meanwhile, or damaged: either way it is not here.
    await this.#drop(root)
    return undefined
  }

  async has(root: BlobRoot): Promise<boolean> {
    this.#assertOpen()
    return this.#index.has(root)
  }

  async *read(
    root: BlobRoot,
    { offset = byteCount(0) }: { readonly offset?: ByteCount },
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    signal.throwIfAborted()
    const list = await this.list(root)
    if (list === undefined) throw unknown(root)
    const file = await this.#openFile(root)
    try {
      const pieces = this.#options.verifyReads ? readChecked(file, offset, list) : readPlain(file, offset, list.size)
      for await (const piece of pieces) {
        signal.throwIfAborted()
        yield piece
      }
    } catch (error) {
      if (isMarketError(error) && error.code === 'blob-mismatch') await this.#drop(root)
      throw error
    } finally {
      await file.close()
    }
  }

  async pathOf(root: BlobRoot): Promise<string> {
    this.#assertOpen()
    const file = await this.#openFile(root)
    await file.close()
    return blobPath(this.#paths, root)
  }

  async pin(root: BlobRoot, owner: string): Promise<void> {
    this.#assertOpen()
    await this.#mutex(async () => {
      if (!this.#index.has(root)) throw unknown(root)
      await this.#writePin(root, owner)
    })
  }

  async release(owner: string): Promise<void> {
    this.#assertOpen()
    const folder = pinFolder(this.#paths, owner)
    await this.#mutex(async () => {
      this.#index.release(basename(folder))
      await rm(folder, { recursive: true, force: true })
      await syncFolder(this.#paths.pins)
    })
  }

  async usedBytes(): Promise<ByteCount> {
    this.#assertOpen()
    return byteCount(this.#space.usedBytes)
  }

  async resume(
    ref: BlobRef,
    options: { readonly owner?: string },
    signal: AbortSignal,
  ): Promise<PartialBlob | undefined> {
    this.#assertOpen()
    for (let busy = this.#busy.get(ref.root); busy !== undefined; busy = this.#busy.get(ref.root))
      await raceAbort(busy, signal)
    const { promise, resolve } = Promise.withResolvers<undefined>()
    this.#busy.set(ref.root, promise)
    const finish = (): void => {
      this.#busy.delete(ref.root)
      resolve(undefined)
    }
    try {
      const known = await this.#keepKnown(ref.root, { ...options, maxBytes: byteCount(Number.MAX_SAFE_INTEGER) })
      if (known === undefined) return await this.#openCopy(ref, options.owner, finish)
      if (known.size !== ref.size) throw wrongSize(ref, known.size)
      finish()
      return undefined
    } catch (error) {
      finish()
      throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    await this.#mutex(async () => undefined)
  }

  async #openCopy(ref: BlobRef, owner: string | undefined, finish: () => void): Promise<PartialBlob> {
    const path = join(this.#paths.partial, fileName(ref.root))
    const booked = this.#space.takeIdle(ref.root)
    // An eviction of the same copy may be under way.
    await this.#mutex(async () => undefined)
    return openPartial(
      {
        path,
        reserve: async (bytes) => this.#space.reserve(bytes),
        release: (bytes) => this.#space.release(bytes),
        adopt: async (booked) => this.#adopt(path, ref, { owner, booked }),
        leave: async (booked) => {
          if (booked > 0) await this.#space.keepIdle(ref.root, booked)
          else await removeWithList(path)
          finish()
        },
      },
      ref,
      booked,
    )
  }

  /** Moves synced files into place, or removes them when the blob is there. What was booked for them is given back. */
  async #adopt(from: string, ref: BlobRef, { owner, booked }: Adoption): Promise<void> {
    const to = blobPath(this.#paths, ref.root)
    await this.#mutex(async () => {
      if (owner !== undefined) await this.#writePin(ref.root, owner)
      if (this.#index.has(ref.root)) {
        this.#index.touch(ref.root)
        await removeWithList(from)
      } else {
        await makeFolder(dirname(to))
        await renameSynced([listPath(from), listPath(to)], [from, to])
        this.#index.add(ref.root, ref.size + listFileBytes(ref.size))
      }
      this.#space.release(booked)
    })
  }

  /** The blob if it is here and within the size, pinned when an owner is named. */
  async #keepKnown(root: BlobRoot, { owner, maxBytes }: PutBlobOptions): Promise<BlobRef | undefined> {
    const list = await this.list(root)
    if (list === undefined) return undefined
    if (list.size > maxBytes) throw tooLarge(maxBytes)
    return this.#mutex(async () => {
      if (!this.#index.has(root)) return undefined
      if (owner !== undefined) await this.#writePin(root, owner)
      this.#index.touch(root)
      return { root, size: list.size }
    })
  }

  /** Within the mutex. */
  async #writePin(root: BlobRoot, owner: string): Promise<void> {
    const folder = pinFolder(this.#paths, owner)
    await makeFolder(folder)
    await writeSynced(join(folder, fileName(root)), new Uint8Array(0))
    await syncFolder(folder)
    this.#index.pin(root, basename(folder))
  }

  /** Opens a blob's file and marks the blob as used. Throws `blob-unknown`. */
  async #openFile(root: BlobRoot): Promise<FileHandle> {
    if (!this.#index.has(root)) throw unknown(root)
    try {
      const file = await open(blobPath(this.#paths, root), 'r')
      // The order of use survives a restart as the file's time.
      const seconds = this.#options.clock.now() / 1000
      await file.utimes(seconds, seconds)
      this.#index.touch(root)
      return file
    } catch (error) {
      if (isMissing(error)) throw unknown(root, error)
      throw error
    }
  }

  /** Removes a blob that is damaged. */
  async #drop(root: BlobRoot): Promise<void> {
    await this.#mutex(async () => {
      this.#index.remove(root)
      await removeWithList(blobPath(this.#paths, root))
    })
  }

  #assertOpen(): void {
    assertBug(!this.#closed, 'the blob store is open')
  }
}

interface Adoption {
  readonly owner: string | undefined
  readonly booked: number
}

const removeWithList = async (path: string): Promise<void> => {
  await Promise.all([removeIfThere(path), removeIfThere(listPath(path))])
}

const unknown = (root: BlobRoot, cause?: unknown): MarketError =>
  new MarketError('blob-unknown', 'the blob is not in the store', { details: { root }, cause })

const tooLarge = (maxBytes: number): MarketError =>
  new MarketError('blob-too-large', 'the blob is larger than allowed', { details: { maxBytes } })

const wrongSize = ({ root, size }: BlobRef, actualSize: ByteCount): MarketError =>
  new MarketError('blob-mismatch', 'the blob has another size than its reference', {
    details: { root, size, actualSize },
  })

const mismatch = (expected: BlobRoot, actual: BlobRoot): MarketError =>
  new MarketError('blob-mismatch', 'the bytes have another root', { details: { expected, actual } })
