import { randomBytes } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Replaces a file as a whole: after a crash there is the old one or the new one, never a part. Throws the system's error; a
 * failure leaves no temporary file.
 */
export async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  const staged = `${path}.${randomBytes(6).toString('hex')}.tmp`
  try {
    const file = await open(staged, 'wx', mode)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(staged, path)
  } catch (error) {
    await rm(staged, { force: true })
    throw error
  }
  await syncFolder(dirname(path))
}

/** Makes a rename durable, where the system lets a folder be synced. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined)
  // Windows cannot sync folders; its renames are journalled.
  await folder?.sync().catch(() => undefined)
  await folder?.close()
}
