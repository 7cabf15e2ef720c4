/** The files of this repository: what git tracks, and what it would track if it were added. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const ROOT = join(import.meta.dirname, '../..')

/** Paths from the root, with `/`, sorted. Ignored files are not among them, files not committed yet are. */
export function listFiles(pattern: RegExp): string[] {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '-z']
  const output = execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
  const paths = new Set(output.split('\0').filter((path) => path !== '' && pattern.test(path)))
  // git still lists a tracked file that was just deleted.
  return [...paths].filter((path) => existsSync(join(ROOT, path))).toSorted()
}

export function readText(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

/** Lines as an editor counts them. */
export function countLines(text: string): number {
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0)
}

/** Sources a person writes: everything TypeScript but generated ABIs. */
export function listSources(): string[] {
  return listFiles(/^(packages|services|contracts|scripts|test)\/.*\.ts$/).filter(
    (path) => !path.startsWith('packages/chain/src/abi/'),
  )
}

/** Code of tests and of their fixtures: free to import anything. */
export function isTestFile(path: string): boolean {
  return (
    /\.(test|itest|bench)\.ts$/.test(path) || /^(test|(packages|services)\/[^/]+\/test|contracts\/test)\//.test(path)
  )
}
