/** Folders on the host: private, swept, and inputs the same everywhere. No engine. */
import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { isMarketError } from '@assay/protocol'
import { isOwnerAlive } from '../src/owner.ts'
import { inputTime, stageInputs } from '../src/stage-inputs.ts'
import { openStaging } from '../src/staging.ts'
import { findStubBinary } from '../src/stub-binary.ts'
import { never } from './test-task.ts'

describe('staging', () => {
  let home = ''
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'assay-staging-'))
  })
  afterEach(async () => rm(home, { recursive: true }))

  it('is readable by this user only, whatever it was before', async () => {
    const directory = join(home, 'staging')
    await mkdir(directory, { mode: 0o777 })
    await chmod(directory, 0o777)
    await using staging = await openStaging(directory)
    assert.equal((await stat(directory)).mode & 0o777, 0o700)
    assert.ok(isOwnerAlive(staging.owner))
  })

  it('sweeps what dead owners left and nothing else', async () => {
    const dead = ['1-999999999999-1', `${process.pid}-1-1`, '4194305-5-1']
    for (const name of [...dead, 'keep', '12-x-1']) await mkdir(join(home, name))
    await using first = await openStaging(home)
    await using second = await openStaging(home)
    assert.deepEqual((await readdir(home)).toSorted(), ['12-x-1', first.owner, 'keep', second.owner].toSorted())
  })

  it('gives each run folders of its own and drops them', async () => {
    const staging = await openStaging(home)
    const [one, two] = [await staging.openRun(), await staging.openRun()]
    assert.notEqual(one.inputs, two.inputs)
    await writeFile(join(one.outputs, '0'), 'x')
    await one.dropInputs()
    assert.deepEqual(await readdir(join(one.inputs, '..')), ['out'])
    await one.drop()
    assert.deepEqual(await readdir(join(home, staging.owner)), ['2'])
    await staging[Symbol.asyncDispose]()
    assert.deepEqual(await readdir(home), [])
  })

  describe('inputs', () => {
    let target = ''
    let source = ''
    beforeEach(async () => {
      target = join(home, 'in')
      source = join(home, 'source')
      await mkdir(target)
      await writeFile(source, 'bytes', { mode: 0o640 })
    })
    const stage = async (paths: readonly string[], executable = false) =>
      stageInputs(
        target,
        paths.map((path) => ({ path, hostPath: source, executable })),
        'sorted',
        never,
      )

    it('have a fixed mode and time, and leave their source as it was', async () => {
      const before = await stat(source)
      assert.equal(await stage(['a/b/c', 'a/d']), undefined)
      assert.equal(
        await stageInputs(target, [{ path: 'run', hostPath: source, executable: true }], 'sorted', never),
        undefined,
      )
      for (const [path, mode] of [
        ['', 0o755],
        ['a', 0o755],
        ['a/b', 0o755],
        ['a/b/c', 0o444],
        ['run', 0o555],
      ] as const) {
        const found = await stat(join(target, path))
        assert.deepEqual([path, found.mode & 0o7777, found.mtimeMs], [path, mode, inputTime.getTime()])
      }
      assert.equal(await readFile(join(target, 'run'), 'utf8'), 'bytes')
      const after = await stat(source)
      assert.deepEqual([after.mode, after.mtimeMs, after.nlink], [before.mode, before.mtimeMs, 1])
    })

    it('are linked when the source is already as it must be', async () => {
      await chmod(source, 0o444)
      await utimes(source, inputTime, inputTime)
      assert.equal(await stage(['plain']), undefined)
      assert.equal((await stat(source)).nlink, 2)
      assert.equal(await stage(['run'], true), undefined)
      assert.equal((await stat(source)).nlink, 2)
      assert.equal((await stat(source)).mode & 0o777, 0o444)
    })

    it('with bad paths are the author’s fault', async () => {
      const bad = [['../x'], ['/x'], ['a', 'a'], ['a', 'a/b'], ['a/b', 'a'], ['x'.repeat(1025)], ['a\0b'], ['']]
      for (const paths of bad) assert.equal((await stage(paths))?.blame, 'client', JSON.stringify(paths))
      assert.deepEqual(await readdir(target), [])
    })

    it('that are missing or no file are the host’s fault', async () => {
      for (const hostPath of [join(home, 'absent'), home]) {
        const fault = await stageInputs(target, [{ path: 'x', hostPath, executable: false }], 'sorted', never)
        assert.equal(fault?.blame, 'provider')
      }
    })
  })

  it('takes a static busybox only', async () => {
    await findStubBinary()
    await writeFile(join(home, 'busybox'), '#!/bin/sh\n', { mode: 0o755 })
    for (const path of [process.execPath, join(home, 'busybox'), join(home, 'absent')]) {
      await assert.rejects(findStubBinary(path), (error) => isMarketError(error) && error.code === 'config-invalid')
    }
  })
})
