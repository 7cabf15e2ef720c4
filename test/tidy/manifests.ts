/** The package.json files of this repository, read and typed. */
import { listFiles, readText } from './repo-files.ts'

export interface Manifest {
  /** Path of the package.json, from the root. */
  readonly path: string
  /** Folder it rules, from the root, with a closing slash; '' for the root itself. */
  readonly folder: string
  readonly fields: Readonly<Record<string, unknown>>
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

export function listManifests(): Manifest[] {
  return listFiles(/(^|\/)package\.json$/).map((path) => parseManifest(path, readText(path)))
}

export function parseManifest(path: string, text: string): Manifest {
  const fields = record(JSON.parse(text), path)
  return {
    path,
    folder: path.slice(0, -'package.json'.length),
    fields,
    dependencies: versions(fields['dependencies'], path),
    devDependencies: versions(fields['devDependencies'], path),
  }
}

/** Every version range a package.json names, whatever the field. */
export function listRanges({ fields, path }: Manifest): { readonly name: string; readonly range: string }[] {
  return ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies'].flatMap((field) =>
    Object.entries(versions(fields[field], path)).map(([name, range]) => ({ name, range })),
  )
}

/** One version and nothing else: what is installed is what was reviewed. */
export function isExactVersion(range: string): boolean {
  return /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/.test(range)
}

function record(value: unknown, path: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError(`${path}: not an object`)
  return { ...value }
}

function versions(value: unknown, path: string): Record<string, string> {
  if (value === undefined) return {}
  const entries = Object.entries(record(value, path)).map(([name, range]) => {
    if (typeof range !== 'string') throw new TypeError(`${path}: the version of ${name} is not a string`)
    return [name, range] as const
  })
  return Object.fromEntries(entries)
}
