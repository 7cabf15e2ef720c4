/** `npm run check`. Exit code 1 when any step fails. */
import { delimiter, join } from 'node:path'
import { runChecks } from './lib/check-steps.ts'
import { formatCounts } from './lib/counts.ts'

process.chdir(join(import.meta.dirname, '..'))
process.env['PATH'] = [join(process.cwd(), 'node_modules/.bin'), process.env['PATH']].join(delimiter)
const counts = await runChecks()
console.log(formatCounts(counts))
process.exitCode = counts.failed === 0 ? 0 : 1
