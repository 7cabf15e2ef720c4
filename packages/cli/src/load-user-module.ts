import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

/**
 * What a file of the user's exports, `.mjs` or `.ts`; its code runs with all rights of this process. Nothing of this
 * repository is ever loaded this way, so the arrows between packages hold. Rejects as `import()` does.
 */
export const loadUserModule = async (path: string): Promise<unknown> => {
  const module: unknown = await import(pathToFileURL(resolve(path)).href)
  return module
}
