/** package-lock.json, and the packages for other platforms that npm sometimes leaves out of it. */

export interface LockEntry {
  readonly version?: string
  readonly dev?: boolean
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
  return typeof value === 'object' && value !== null && 'packages' in value && typeof value.packages === 'object'
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
