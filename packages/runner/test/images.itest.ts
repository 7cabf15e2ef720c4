/** Finding, pulling and refusing images on a real engine. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { isMarketError, type ErrorCode } from '@assay/protocol'
import { createImageArchive, type ImageConfig } from '../src/image-archive.ts'
import { resolveImage } from '../src/resolve-image.ts'
import { loadImage } from '../src/load-image.ts'
import { createBusyboxArchive, loadBusyboxImage } from './busybox-image.ts'
import { docker, dockerSkip, openTestSandbox, realClock, type TestSandbox } from './docker-for-tests.ts'
import { digestOf, openRegistry } from './registry.ts'
import { assertFailed, never, printed, shellTask } from './test-task.ts'

const skip = await dockerSkip()
const unique = `${process.pid}-${Date.now()}`
const hasCode =
  (code: ErrorCode) =>
  (error: unknown): boolean =>
    isMarketError(error) && error.code === code

describe('images', { skip }, () => {
  let test: TestSandbox
  const loaded = new Set<string>()
  before(async () => {
    test = await openTestSandbox()
  })
  after(async () => {
    for (const id of loaded) await docker.getImage(id).remove({ force: true })
    await test?.[Symbol.asyncDispose]()
  })
  const load = async (config: ImageConfig, tag?: string): Promise<string> => {
    const id = await loadBusyboxImage(docker, { ...config, Labels: { unique } }, tag)
    loaded.add(id)
    return id
  }

  it('has the same id on every build, and the id is the digest that the engine reports', async () => {
    const [one, two] = [await createBusyboxArchive(), await createBusyboxArchive()]
    assert.equal(one.imageId, two.imageId)
    assert.ok(one.bytes.equals(two.bytes))
    assert.equal((await docker.getImage(await loadBusyboxImage(docker)).inspect()).Id, one.imageId)
  })

  it('resolves a tag to the id', async () => {
    const tag = `assay-test:${unique}`
    const id = await load({}, tag)
    assert.deepEqual(await resolveImage({ clock: realClock }, tag, never), { id, pinned: id })
    await assert.rejects(resolveImage({ clock: realClock }, 'assay-no-such-image:1', never), hasCode('image-unknown'))
  })

  it('takes a name before a digest that it knows as a comment', async () => {
    const id = await load({})
    await test.sandbox.ensureImage(`nowhere.invalid/name@${id}`, never)
    const task = shellTask(`nowhere.invalid/name@${id}`, 'echo ran')
    assert.equal(await printed(await test.sandbox.run(task, never)), 'ran\n')
  })

  it('refuses an image with a volume, also when it is only run', async () => {
    const id = await load({ Volumes: { '/data': {} } })
    await assert.rejects(test.sandbox.ensureImage(id, never), hasCode('image-refused'))
    assertFailed(await test.sandbox.run(shellTask(id, 'true'), never), 'engine-fault', 'provider')
  })

  it('refuses an image for another architecture', async () => {
    const archive = await createImageArchive({ files: [], architecture: process.arch === 'arm64' ? 'amd64' : 'arm64' })
    loaded.add(await loadImage({ clock: realClock }, archive, never))
    await assert.rejects(test.sandbox.ensureImage(archive.imageId, never), hasCode('image-refused'))
  })

  it('overrides user, entrypoint, health check, labels and working folder of the image', async () => {
    const id = await load({
      User: '0:0',
      Entrypoint: ['/bin/busybox', 'false'],
      Cmd: ['nothing'],
      WorkingDir: '/tmp',
      Env: ['PATH=/bin', 'FROM_IMAGE=yes', 'TZ=Mars/Base'],
      Healthcheck: { Test: ['CMD', '/bin/busybox', 'touch', '/tmp/health'] },
    })
    const task = shellTask(id, 'busybox id -u; busybox pwd; echo $FROM_IMAGE $TZ')
    assert.equal(await printed(await test.sandbox.run(task, never)), '65534\n/tmp\nyes UTC\n')
  })

  it('blames the image whose working folder cannot be entered or whose /out is a file', async () => {
    const file = { path: '/out', bytes: Buffer.from('x') }
    const archive = await createImageArchive({ files: [file], config: { Labels: { unique } } })
    const imageId = await loadImage({ clock: realClock }, archive, never)
    loaded.add(imageId)
    assertFailed(await test.sandbox.run(shellTask(imageId, 'true'), never), 'command-invalid', 'client')
  })

  it('does not take what is no archive, and says so', async () => {
    const archive = await createImageArchive({ files: [], config: { Labels: { unique, broken: '1' } } })
    for (const bytes of [Buffer.alloc(1024), archive.bytes.subarray(0, 600)]) {
      await assert.rejects(loadImage({ clock: realClock }, { ...archive, bytes }, never), (error) =>
        isMarketError(error),
      )
    }
  })

  describe('pulling', () => {
    it('pulls by digest once, and runs what it pulled', async () => {
      await using registry = await openRegistry()
      const archive = await createBusyboxArchive({ Labels: { unique, pulled: '1' } })
      const image = registry.add('good', archive)
      await test.sandbox.ensureImage(image, never)
      loaded.add(archive.imageId)
      await registry[Symbol.asyncDispose]()
      await test.sandbox.ensureImage(image, never)
      await test.sandbox.ensureImage(image.slice(image.indexOf('@') + 1), never)
      assert.equal(await printed(await test.sandbox.run(shellTask(image, 'echo ran'), never)), 'ran\n')
    })

    it('knows no image that the registry does not have', async () => {
      await using registry = await openRegistry()
      const image = registry.add('some', await createImageArchive({ files: [] }))
      const other = image.replace(/[0-9a-f]{64}$/, '0'.repeat(64))
      await assert.rejects(test.sandbox.ensureImage(other, never), hasCode('image-unknown'))
    })

    it('refuses a manifest that does not have the digest', async () => {
      await using registry = await openRegistry()
      const image = registry.add(
        'some',
        await createImageArchive({ files: [{ path: '/a', bytes: Buffer.from(unique) }] }),
      )
      const other = registry.add('other', await createImageArchive({ files: [] }))
      const bytes = await fetch(`http://${other.replace('/other@', '/v2/other/manifests/')}`)
      registry.tamper(image.slice(image.indexOf('@') + 1), Buffer.from(await bytes.arrayBuffer()))
      await assert.rejects(test.sandbox.ensureImage(image, never), hasCode('image-digest-mismatch'))
    })

    it('refuses a layer that was changed', async () => {
      await using registry = await openRegistry()
      const archive = await createImageArchive({ files: [{ path: '/a', bytes: Buffer.from(`layer ${unique}`) }] })
      const image = registry.add('some', archive)
      const changed = Buffer.from(archive.layer)
      changed.write('evil', 512)
      registry.tamper(digestOf(archive.layer), changed)
      await assert.rejects(test.sandbox.ensureImage(image, never), hasCode('image-digest-mismatch'))
    })

    it('says that a registry which does not answer has no such image', async () => {
      const image = `127.0.0.1:1/none@sha256:${'1'.repeat(64)}`
      await assert.rejects(test.sandbox.ensureImage(image, never), hasCode('image-unknown'))
    })
  })
})
