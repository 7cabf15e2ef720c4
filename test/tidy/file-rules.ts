/** What a file may be called and how long it may be. */

const CATCH_ALL_NAMES = [
  'common',
  'constants',
  'helper',
  'helpers',
  'misc',
  'shared',
  'stuff',
  'types',
  'util',
  'utils',
]
const KEBAB_CASE = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|itest|bench|config|d))?\.ts$/

const MAX_LINES = 400
const MAX_MAIN_LINES = 40

/** Why a TypeScript file is named wrongly, or undefined. */
export function nameViolation(path: string): string | undefined {
  const name = path.split('/').at(-1) ?? ''
  if (!KEBAB_CASE.test(name)) return `${path}: not kebab-case`
  const stem = name.split('.')[0] ?? ''
  if (CATCH_ALL_NAMES.includes(stem)) return `${path}: "${stem}" says nothing about what is inside`
  if (stem === 'index' && !/^(packages|services)\/[^/]+\/src\/index\.ts$/.test(path))
    return `${path}: index.ts only at a package root`
  return undefined
}

/** Why a source is too long, or undefined. */
export function lengthViolation(path: string, lines: number): string | undefined {
  const limit = path.endsWith('/src/main.ts') ? MAX_MAIN_LINES : MAX_LINES
  return lines > limit ? `${path}: ${lines} lines, at most ${limit}` : undefined
}
