/** The engine of this machine, or a loud reason to skip. `ASSAY_REQUIRE_DOCKER=1` turns the skip into a failure. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import Docker from 'dockerode'
import type { Clock, Sandbox } from '@assay/core'
import { unixMs } from '@assay/protocol'
import { labelKeys } from '../src/container-name.ts'
import { openSandbox, type SandboxOptions } from '../src/open-sandbox.ts'

export const docker = new Docker()

/** `false` when the engine answers: the value of a test's `skip`. */
export async function dockerSkip(): Promise<string | false> {
  try {
    await docker.ping()
    return false
  } catch (error) {
    if (process.env['ASSAY_REQUIRE_DOCKER'] === '1') throw error
    return `SKIPPED, NOT TESTED: no Docker engine answers (${String(error)})`
  }
}

export const realClock: Clock = {
  now: () => unixMs(Date.now()),
  sleep: async (ms, signal) => wait(Math.min(ms, 2 ** 31 - 1), undefined, { signal }),
}

export interface TestSandbox extends AsyncDisposable {
  readonly sandbox: Sandbox
  readonly runnerId: string
  readonly stagingDir: string
  /** Containers of this runner on the engine, running or not. */
  containers(): Promise<readonly string[]>
}

let opened = 0

/** A sandbox of its own. Closing it asserts that neither a container nor a staged file is left. */
export async function openTestSandbox(options: Partial<SandboxOptions> = {}): Promise<TestSandbox> {
  const stagingDir = options.stagingDir ?? (await mkdtemp(join(tmpdir(), 'assay-runner-')))
  const runnerId = options.runnerId ?? `test-${process.pid}-${(opened += 1)}`
  const sandbox = await openSandbox({ clock: realClock }, { ...options, runnerId, stagingDir })
  let closed = false
  const containers = async (): Promise<readonly string[]> => {
    const found = await docker.listContainers({ all: true, filters: { label: [`${labelKeys.runner}=${runnerId}`] } })
    return found.map(({ Id }) => Id)
  }
  return {
    sandbox,
    runnerId,
    stagingDir,
    containers,
    async [Symbol.asyncDispose]() {
      if (closed) return
      closed = true
      await sandbox[Symbol.asyncDispose]()
      assert.deepEqual(await containers(), [], 'containers left behind')
      assert.deepEqual(await readdir(stagingDir), [], 'staged files left behind')
      await rm(stagingDir, { recursive: true })
    },
  }
}
