/** One stream of job output into one private file, hashed on its way. */
import { open } from 'node:fs/promises'
import { createBlobHasher, type BlobRef } from '@assay/protocol'

/** Writes `pieces` to a new file that only this user can read. Throws when the path exists or the disk is full. */
export async function stageFile(path: string, pieces: AsyncIterable<Buffer>): Promise<BlobRef> {
  const hasher = createBlobHasher()
  await using file = await open(path, 'wx', 0o600)
  for await (const piece of pieces) {
    await hasher.update(piece)
    await file.writeFile(piece)
  }
  const { root, size } = await hasher.digest()
  return { root, size }
}
