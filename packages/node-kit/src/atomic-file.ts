/** Files that are either whole or absent, also after a crash. */
import { randomBytes } from 'node:crypto'
import { link, mkdir, open, rename, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

export interface AtomicWriteOptions {
  /** Permission bits of the file. */
  readonly mode: number
  /** Fails with `EEXIST` instead of replacing a file. */
  readonly exclusive?: boolean
}

/** Writes, syncs and then names the file; makes missing folders with mode 0700. */
export async function writeFileAtomic(path: string, data: string, options: AtomicWriteOptions): Promise<void> {
  const folder = dirname(path)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const draft = join(folder, `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`)
  try {
    const file = await open(draft, 'wx', options.mode)
    try {
      await file.chmod(options.mode)
      await file.writeFile(data)
      await file.sync()
    } finally {
      await file.close()
    }
    // A hard link fails when the name exists; a rename would replace it.
    if (options.exclusive === true) await link(draft, path)
    else await rename(draft, path)
  } finally {
    await unlink(draft).catch(() => undefined)
  }
  await syncFolder(folder)
}

/** Makes the new name itself durable. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
