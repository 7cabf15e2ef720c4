import assert from 'node:assert/strict'
import { access, readdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { openCheckFolder } from './check-folder.ts'

const listed = { shards: [], shared: [], more: false, inputBytes: 10, resultBytes: 10 }

describe('openCheckFolder', () => {
  it('gives an empty folder of one’s own and deletes it with all that is in it', async () => {
    let path = ''
    {
      await using folder = await openCheckFolder(listed)
      path = folder.path
      assert.deepEqual(await readdir(path), [])
      await writeFile(join(path, 'x'), 'x')
    }
    await assert.rejects(access(path), { code: 'ENOENT' })
  })

  it('stays on disk for programs and for what does not fit into memory', async () => {
    const program = { path: 'p', executable: true, open: () => new Blob([]) }
    for (const wanted of [
      { ...listed, resultBytes: 2 ** 50 },
      { ...listed, shared: [program] },
      { ...listed, shards: [{ name: 'a', files: [program] }] },
    ]) {
      await using folder = await openCheckFolder(wanted)
      assert.ok(folder.path.startsWith(tmpdir()))
    }
  })
})
