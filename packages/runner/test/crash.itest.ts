/** What is left when a runner dies without a word, and who cleans it up. */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openSandbox } from '../src/open-sandbox.ts'
import { loadBusyboxImage } from './busybox-image.ts'
import { docker, dockerSkip, openTestSandbox, realClock } from './docker-for-tests.ts'
import { assertFailed, never, shellTask } from './test-task.ts'

const skip = await dockerSkip()

describe('crash safety', { skip }, () => {
  let image = ''
  let stagingDir = ''
  const runnerId = `crash-${process.pid}`
  before(async () => {
    image = await loadBusyboxImage(docker)
    stagingDir = await mkdtemp(join(tmpdir(), 'assay-crash-'))
  })
  after(async () => rm(stagingDir, { recursive: true, force: true }))

  it('sweeps the containers and files of a killed runner, and of nobody else', async () => {
    const other = await startRunner(runnerId, stagingDir, image)
    const victim = await startRunner(runnerId, stagingDir, image)
    victim.kill('SIGKILL')
    await once(victim, 'exit')
    assert.equal((await readdir(stagingDir)).length, 2)
    {
      // Opening sweeps: the victim's container is gone, the other process keeps its own.
      await using _ = await openSandbox({ clock: realClock }, { runnerId, stagingDir })
      assert.equal((await containersOf(runnerId)).length, 1)
      assert.equal((await readdir(stagingDir)).length, 2)
    }
    other.kill('SIGKILL')
    await once(other, 'exit')
    await using last = await openTestSandbox({ runnerId, stagingDir: await mkdtemp(join(tmpdir(), 'assay-crash-')) })
    assert.deepEqual(await last.containers(), [])
    assert.equal(await last.sandbox.reconcile(never), 0)
  })

  it('reports a container that was killed from outside as a fault of the machine', async () => {
    await using own = await openTestSandbox()
    const started = Promise.withResolvers<undefined>()
    const run = own.sandbox.run(shellTask(image, 'sleep 3600'), never, { started: () => started.resolve(undefined) })
    await started.promise
    for (const id of await own.containers()) await docker.getContainer(id).kill()
    assertFailed(await run, 'engine-fault', 'provider')
  })

  it('survives a container that was removed from outside', async () => {
    await using own = await openTestSandbox()
    const started = Promise.withResolvers<undefined>()
    const run = own.sandbox.run(shellTask(image, 'sleep 3600'), never, { started: () => started.resolve(undefined) })
    await started.promise
    for (const id of await own.containers()) await docker.getContainer(id).remove({ force: true })
    assertFailed(await run, 'engine-fault', 'provider')
  })
})

async function startRunner(runnerId: string, stagingDir: string, image: string): Promise<ChildProcess> {
  const program = fileURLToPath(new URL('crashing-runner.ts', import.meta.url))
  const child = spawn(process.execPath, [program, runnerId, stagingDir, image], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  return child
}

async function containersOf(runnerId: string): Promise<readonly unknown[]> {
  return docker.listContainers({ all: true, filters: { label: [`market.assay.runner=${runnerId}`] } })
}
