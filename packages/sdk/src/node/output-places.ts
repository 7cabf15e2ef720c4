/** Where results go: `<dir>/<shard name>` and `<dir>/<shard name>.stdout`, and nowhere else. */
import { lstat, mkdir, realpath, rename } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
import { isMarketError, MarketError } from '@assay/protocol'
import { fileFault, systemCode } from './file-faults.ts'
import { placeOf, type StagedTree } from './write-tree.ts'

/**
 * Makes the folder and checks every place that will be written. Throws `config-invalid` when two shards would share a place, when
 * one is taken and may not be replaced, or when the folder cannot be used.
 */
export async function checkPlaces(shardNames: readonly string[], dir: string, replace: boolean): Promise<void> {
  const places = new Map<string, string>()
  for (const name of shardNames) {
    for (const place of [name, `${name}.stdout`]) {
      if (places.has(place)) throw taken(join(dir, place), 'two shards would share it')
      places.set(place, name)
    }
  }
  for (const name of shardNames) {
    for (let at = name.indexOf('/'); at >= 0; at = name.indexOf('/', at + 1)) {
      if (places.has(name.slice(0, at))) throw taken(join(dir, name), 'it lies inside the folder of another shard')
    }
  }
  try {
    await mkdir(dir, { recursive: true })
    if (replace) return
    for (const place of places.keys())
      if (await exists(join(dir, place))) throw taken(join(dir, place), 'it exists already')
  } catch (cause) {
    if (isMarketError(cause)) throw cause
    throw fileFault('config-invalid', 'the results cannot be saved', dir, cause)
  }
}

/** With `replace`, what is in the way goes into staging first. */
export async function putInPlace(root: string, name: string, tree: StagedTree, replace: boolean): Promise<void> {
  const place = placeOf(root, name)
  await mkdir(dirname(place), { recursive: true })
  const parent = await realpath(dirname(place))
  if (parent !== root && !parent.startsWith(root + sep)) throw taken(place, 'a link leads out of the folder')
  if (replace) {
    await moveAside(place, `${tree.out}.old`)
    await moveAside(`${place}.stdout`, `${tree.out}.stdout.old`)
  }
  if (tree.stdout !== undefined) await rename(tree.stdout, `${place}.stdout`)
  await rename(tree.out, place)
}

async function moveAside(place: string, aside: string): Promise<void> {
  await rename(place, aside).catch((error: unknown) => {
    if (systemCode(error) !== 'ENOENT') throw error
  })
}

const exists = async (path: string): Promise<boolean> => {
  try {
    await lstat(path)
    return true
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false
    throw error
  }
}

const taken = (path: string, reason: string): MarketError =>
  new MarketError('config-invalid', `${path} cannot be written: ${reason}`, {
    details: { setting: 'outputs', path, reason },
  })
