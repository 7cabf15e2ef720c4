import { isAbsolute, join } from 'node:path'

/** Where this user's files live. */
export interface HomeDirs {
  /** Configuration files. */
  readonly configDir: string
  /** Keystores, databases, blobs. One folder a service below it. */
  readonly dataDir: string
}

/**
 * `ASSAY_HOME` holds everything when it is set; otherwise the XDG base directories apply
 * (`~/.config/assay`, `~/.local/share/assay`). Relative paths are ignored, as XDG demands.
 */
export function deriveHomeDirs(env: Readonly<Record<string, string | undefined>>, userHome: string): HomeDirs {
  const absolute = (name: string): string | undefined => {
    const path = env[name]
    return path !== undefined && isAbsolute(path) ? path : undefined
  }
  const home = absolute('ASSAY_HOME')
  if (home !== undefined) return { configDir: home, dataDir: home }
  return {
    configDir: join(absolute('XDG_CONFIG_HOME') ?? join(userHome, '.config'), 'assay'),
    dataDir: join(absolute('XDG_DATA_HOME') ?? join(userHome, '.local', 'share'), 'assay'),
  }
}
