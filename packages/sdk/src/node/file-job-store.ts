import { chmod, mkdir, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isMarketError, MarketError, type OrderId } from '@assay/protocol'
import { encodeStoredJob, parseStoredJob, type JobStore, type StoredJob } from '../job-store.ts'
import { limits } from '../limits.ts'
import { fileFault, systemCode } from './file-faults.ts'
import { replaceFile } from './write-file.ts'

/**
 * Keeps signed jobs in `<dir>/<order id>.json`, readable by this user alone, written whole and synced before `save`
 * resolves. A payment authorisation in them can be used only by the escrow. Throws `config-invalid` when the folder cannot
 * be used, `storage-full`, `message-malformed` for a record that was altered.
 */
export function createFileJobStore(dir: string): JobStore {
  const pathOf = (orderId: OrderId): string => join(dir, `${orderId}.json`)
  return {
    async save(job) {
      const path = pathOf(job.orderId)
      try {
        await mkdir(dir, { recursive: true, mode: 0o700 })
        await replaceFile(path, encodeStoredJob(job), 0o600)
        await chmod(path, 0o600)
      } catch (cause) {
        throw fileFault('config-invalid', 'the job cannot be recorded', path, cause)
      }
    },
    load: (orderId) => readJob(pathOf(orderId)),
    async list() {
      const names = await readdir(dir).catch((cause: unknown) => {
        if (systemCode(cause) === 'ENOENT') return []
        throw fileFault('config-invalid', 'the job records cannot be listed', dir, cause)
      })
      const jobs: StoredJob[] = []
      for (const name of names.filter((file) => /^0x[0-9a-f]{64}\.json$/.test(file))) {
        const job = await readJob(join(dir, name))
        if (job !== undefined) jobs.push(job)
      }
      return jobs.toSorted((a, b) => a.savedAtMs - b.savedAtMs)
    },
  }
}

async function readJob(path: string): Promise<StoredJob | undefined> {
  try {
    const { size } = await stat(path)
    if (size > limits.storedJobBytes) throw new MarketError('message-malformed', `the record is too large: ${path}`)
    return parseStoredJob(await readFile(path, 'utf8'))
  } catch (cause) {
    if (isMarketError(cause)) throw cause
    if (systemCode(cause) === 'ENOENT') return undefined
    throw fileFault('config-invalid', 'the job record cannot be read', path, cause)
  }
}
