/** `node scripts/is-installed.ts`: exit code 0 when node_modules holds what package-lock.json names. Needs no package. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isInstalled, parseLock } from './lib/lock-file.ts'

const root = join(import.meta.dirname, '..')
const record = join(root, 'node_modules/.package-lock.json')
const lock = parseLock(readFileSync(join(root, 'package-lock.json'), 'utf8'))
process.exitCode = existsSync(record) && isInstalled(lock, parseLock(readFileSync(record, 'utf8'))) ? 0 : 1
