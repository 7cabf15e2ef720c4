/** Where things lie below the store's folder. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { asHash, assertBug, type BlobRoot } from '@assay/protocol'

/** Folders of a store. */
export interface StorePaths {
  /** `blobs/ab/cd/<root>` holds the bytes, `<root>.list` beside it the chunk list. */
  readonly blobs: string
  /** Writes in progress; emptied when the store opens. */
  readonly temp: string
  /** Copies that a broken transfer left: `<root>` and `<root>.list`. */
  readonly partial: string
  /** `pins/<sha256 of owner>/<root>`: empty files. */
  readonly pins: string
}

export const storePaths = (dir: string): StorePaths => ({
  blobs: join(dir, 'blobs'),
  temp: join(dir, 'temp'),
  partial: join(dir, 'partial'),
  pins: join(dir, 'pins'),
})

/** A root as a file name: 64 hex digits, nothing that could leave the folder. */
export function fileName(root: BlobRoot): string {
  assertBug(/^0x[0-9a-f]{64}$/.test(root), 'a blob root is 32 bytes of lowercase hex')
  return root.slice(2)
}

/** The root that a file name stands for, or `undefined`. */
export const rootOf = (name: string): BlobRoot | undefined =>
  /^[0-9a-f]{64}$/.test(name) ? asHash<BlobRoot>(`0x${name}`) : undefined

/** The two folder levels and file of a blob. */
export function blobPath(paths: StorePaths, root: BlobRoot): string {
  const name = fileName(root)
  return join(paths.blobs, name.slice(0, 2), name.slice(2, 4), name)
}

/** The chunk list that belongs to a file of bytes. */
export const listPath = (path: string): string => `${path}.list`

export const pinFolder = (paths: StorePaths, owner: string): string =>
  join(paths.pins, createHash('sha256').update(owner).digest('hex'))
