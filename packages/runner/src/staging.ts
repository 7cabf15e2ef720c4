/** Private folders on the host: inputs on their way in, results on their way out. */
import { chmod, mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createOwner, isOwnerAlive } from './owner.ts'

export interface Staging extends AsyncDisposable {
  /** Names this process and this opening: see `owner.ts`. */
  readonly owner: string
  /** A fresh folder for one run, with an empty `in` and `out` inside. */
  openRun(): Promise<RunStaging>
}
export interface RunStaging {
  /** Becomes `/in`. */
  readonly inputs: string
  /** Holds result files under numbers. */
  readonly outputs: string
  /** Deletes the inputs: nobody needs them once the container is gone. */
  dropInputs(): Promise<void>
  /** Deletes everything. */
  drop(): Promise<void>
}

/**
 * Takes `directory` into use, readable by this user only, and sweeps what dead owners left in it. Entries that do not
 * look like ours stay. Closing deletes the folder of this owner.
 */
export async function openStaging(directory: string): Promise<Staging> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await chmod(directory, 0o700)
  for (const name of await readdir(directory)) {
    if (ownerFolder.test(name) && !isOwnerAlive(name)) await remove(join(directory, name))
  }
  const owner = createOwner()
  const home = join(directory, owner)
  await remove(home)
  await mkdir(home, { mode: 0o700 })
  let runs = 0
  return {
    owner,
    async openRun() {
      runs += 1
      const run = join(home, String(runs))
      const inputs = join(run, 'in')
      const outputs = join(run, 'out')
      await mkdir(run, { mode: 0o700 })
      await mkdir(inputs)
      await mkdir(outputs, { mode: 0o700 })
      return {
        inputs,
        outputs,
        dropInputs: async () => remove(inputs),
        drop: async () => remove(run),
      }
    },
    async [Symbol.asyncDispose]() {
      await remove(home)
    },
  }
}

const ownerFolder = /^\d{1,10}-(?:\d{1,20}|unknown)-\d{1,10}$/

const remove = async (path: string): Promise<void> => rm(path, { recursive: true, force: true, maxRetries: 3 })
