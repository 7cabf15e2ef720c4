/** Who may import whom. Arrows point from what composes to what decides, and never sideways. */
import { dirname, join } from 'node:path/posix'
import { isTestFile } from './repo-files.ts'
import { packageOf } from './parse-module.ts'

const PURE = ['core', 'protocol']
const ADAPTERS = ['beacon', 'blobs', 'chain', 'lightning', 'node-kit', 'nostr', 'p2p', 'runner']
const SERVICES = ['aggregator', 'provider', 'validator']
const COMPOSED = [...PURE, ...ADAPTERS, ...SERVICES, 'contracts', 'sdk', 'villains', 'devnet', 'cli']

/** Every workspace by its folder name, with the workspaces its product code may import. */
export const ARROWS: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  core: ['protocol'],
  ...Object.fromEntries(ADAPTERS.map((name) => [name, PURE])),
  testkit: PURE,
  villains: PURE,
  sdk: [...PURE, 'chain', 'lightning'],
  ...Object.fromEntries(SERVICES.map((name) => [name, [...PURE, ...ADAPTERS]])),
  devnet: COMPOSED,
  cli: COMPOSED,
  contracts: [],
}

/** The workspace a file belongs to: its folder name, or undefined for scripts and the shared tests. */
export function workspaceOf(path: string): string | undefined {
  if (path.startsWith('contracts/')) return 'contracts'
  return /^(?:packages|services)\/([^/]+)\//.exec(path)?.[1]
}

/** Why this import is forbidden, or undefined when it is fine. `path` is the importing file, from the root. */
export function arrowViolation(path: string, specifier: string): string | undefined {
  const from = workspaceOf(path)
  if (from === undefined || isTestFile(path)) return undefined
  if (specifier.startsWith('/')) return `${path} imports the absolute path ${specifier}`
  if (specifier.startsWith('.')) {
    const target = join(dirname(path), specifier)
    return workspaceOf(target) === from ? undefined : `${path} reaches out of its package: ${specifier}`
  }
  const name = packageOf(specifier)
  if (name === undefined || !name.startsWith('@assay/')) return undefined
  const to = name.slice('@assay/'.length)
  const allowed = ARROWS[from]
  if (allowed === undefined) return `${path}: package "${from}" has no arrows in test/tidy/arrows.ts`
  return allowed.includes(to) && to !== from ? undefined : `${path}: ${from} may not import ${name}`
}
