/** package-lock.json, and the packages for other platforms that npm sometimes leaves out of it. */

export interface LockEntry {
  readonly version?: string
  readonly dev?: boolean
  readonly optional?: boolean
  readonly link?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

export interface Lock {
  readonly packages: Record<string, LockEntry>
}

export interface MissingEntry {
  readonly name: string
  readonly version: string
  readonly isDev: boolean
}

export function parseLock(text: string): Lock {
  const value: unknown = JSON.parse(text)
  if (!isLock(value)) throw new TypeError('package-lock.json has no "packages": npm 7 or later writes them')
  return value
}

function isLock(value: unknown): value is Lock {
  return (
    typeof value === 'object' &&
    value !== null &&
    'packages' in value &&
    typeof value.packages === 'object' &&
    value.packages !== null
  )
}

/**
 * Optional packages that an entry names and the lock does not hold. npm leaves them out when the registry cannot describe
 * them at that moment, and then refuses `npm ci` for their absence, even on platforms that would never install them.
 */
export function missingOptionals(packages: Readonly<Record<string, LockEntry>>): MissingEntry[] {
  return Object.entries(packages).flatMap(([path, { optionalDependencies = {}, dev = false }]) =>
    Object.entries(optionalDependencies)
      .filter(([name]) => !isResolved(packages, path, name))
      .map(([name, version]) => ({ name, version, isDev: dev })),
  )
}

/** As Node looks for it: beside the package, then in every folder above. */
function isResolved(packages: Readonly<Record<string, LockEntry>>, path: string, name: string): boolean {
  for (let folder = path; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    if (`${folder === '' ? '' : `${folder}/`}node_modules/${name}` in packages) return true
    if (folder === '') return false
  }
}

/**
 * The entry that npm would have written, as far as the name tells: `@scope/binding-linux-arm64-musl` says operating
 * system, processor and C library. Without an integrity hash: npm fills that in where the package is really installed.
 */
export function platformEntry({ name, version, isDev }: MissingEntry): LockEntry & Readonly<Record<string, unknown>> {
  const parts = /(android|darwin|freebsd|linux|openharmony|win32)-([a-z0-9]+)(?:-(\w+))?$/.exec(name)
  if (parts === null || !/^\d+\.\d+\.\d+$/.test(version)) throw new Error(`${name}@${version} is not for one platform`)
  const [, os, cpu, abi = ''] = parts
  const libc = abi.startsWith('musl') ? 'musl' : 'glibc'
  const isLinux = os === 'linux' && abi !== ''
  return {
    version,
    cpu: [cpu],
    ...(isDev ? { dev: true } : {}),
    ...(isLinux ? { libc: [libc] } : {}),
    optional: true,
    os: [os],
  }
}

/**
 * Whether what is installed is what the lock names. `installed` is npm's own record in node_modules, which it writes last,
 * so that an interrupted installation has none. Packages for other platforms may be absent; versions may never differ.
 */
export function isInstalled(lock: Lock, installed: Lock): boolean {
  return Object.entries(lock.packages)
    .filter(([path]) => path.includes('node_modules/'))
    .every(([path, { version, optional = false, link = false }]) => {
      const found = installed.packages[path]
      return found === undefined ? optional : link || found.version === version
    })
}
