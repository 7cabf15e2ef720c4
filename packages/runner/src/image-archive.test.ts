import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createImageArchive } from './image-archive.ts'

const hello = { path: '/usr/bin/hello', bytes: Buffer.from('hi'), executable: true }
const options = {
  files: [hello, { path: 'bin/sh', target: '../usr/bin/hello' }],
  config: { Env: ['A=1'] },
  architecture: 'amd64',
}

describe('createImageArchive', () => {
  it('gives this id, whatever the machine and the day', async () => {
    const { imageId } = await createImageArchive(options)
    assert.equal(imageId, 'sha256:d3e8ad97a6fe29ebac55831812e7a6d77086efe5577911d3375c3f1cbf5ea28e')
  })

  it('does not depend on the order of the files', async () => {
    const [one, two] = [
      await createImageArchive(options),
      await createImageArchive({ ...options, files: options.files.toReversed() }),
    ]
    assert.ok(one.bytes.equals(two.bytes))
  })

  it('has another id for other bytes, modes or settings, and the same for another tag', async () => {
    const { imageId } = await createImageArchive(options)
    assert.equal((await createImageArchive({ ...options, tag: 'x:1' })).imageId, imageId)
    for (const other of [
      { ...options, files: [{ ...hello, bytes: Buffer.from('ho') }] },
      { ...options, files: [{ ...hello, executable: false }] },
      { ...options, config: {} },
    ]) {
      assert.notEqual((await createImageArchive(other)).imageId, imageId)
    }
  })

  it('makes the folders of a file, once', async () => {
    const { layer } = await createImageArchive({ files: [hello, { ...hello, path: '/usr/bin/other' }] })
    const names = [0, 512, 1024, 2048].map((at) => layer.toString('latin1', at, layer.indexOf(0, at)))
    assert.deepEqual(names, ['usr', 'usr/bin', 'usr/bin/hello', 'usr/bin/other'])
  })
})
