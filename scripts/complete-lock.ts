/**
 * `node scripts/complete-lock.ts` after an `npm install` against a registry that lacks packages for other platforms:
 * writes their entries into package-lock.json, so that `npm ci` works everywhere. Changes nothing when none is missing.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { missingOptionals, parseLock, platformEntry } from './lib/lock-file.ts'

const file = join(import.meta.dirname, '../package-lock.json')
const lock = parseLock(readFileSync(file, 'utf8'))
const missing = missingOptionals(lock.packages)
for (const entry of missing) lock.packages[`node_modules/${entry.name}`] = platformEntry(entry)
if (missing.length > 0) {
  // In npm's own order, so that its next write changes nothing.
  const sorted = Object.entries(lock.packages).toSorted(([a], [b]) => a.localeCompare(b, 'en'))
  writeFileSync(file, `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`)
}
console.log(`${missing.length} entries added`)
