/** A runner process for the crash test: starts an endless job, says so, and waits to be killed. */
import { openSandbox } from '../src/open-sandbox.ts'
import { realClock } from './docker-for-tests.ts'
import { never, shellTask } from './test-task.ts'

const [runnerId = '', stagingDir = '', image = ''] = process.argv.slice(2)
const sandbox = await openSandbox({ clock: realClock }, { runnerId, stagingDir })
await sandbox.run(shellTask(image, 'sleep 3600'), never, {
  started: () => process.stdout.write('started\n'),
})
