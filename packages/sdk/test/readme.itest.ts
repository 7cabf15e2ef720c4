/** The example of the README is the product: at most eight lines, and they run. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import type { JobReceipt } from '../src/index.ts'
import { anyImage, openScene } from './fixture/open-scene.ts'

test('the example runs a paid sharded job in at most eight lines', async () => {
  await using scene = await openScene()
  const text = await readFile(join(import.meta.dirname, '../README.md'), 'utf8')
  const lines = (/```ts\n([\s\S]*?)\n```/.exec(text)?.[1] ?? '').split('\n')
  assert.ok(lines.length > 3 && lines.length <= 8, `${lines.length} lines`)
  const imports = lines.filter((line) => line.startsWith('import '))
  const body = lines.filter((line) => !line.startsWith('import ')).map((line) => line.replace('console.log', 'log'))
  const names = ['aggregator', 'privateKey', 'image', 'folder', 'outputs', 'log']
  const example = `export async function example({ ${names.join(', ')} }) {\n${body.join('\n')}\nreturn receipt\n}\n`
  const dir = await mkdtemp(join(tmpdir(), 'assay-readme-'))
  // Beside the sources, where the workspace's packages resolve.
  const path = join(import.meta.dirname, `readme-example-${process.pid}.mjs`)
  try {
    for (const name of ['a.txt', 'b.txt']) await writeFile(join(dir, name), name)
    await writeFile(path, `${imports.join('\n')}\n${example}`)
    const module = (await import(path)) as { example: (values: object) => Promise<JobReceipt> }
    const logged: unknown[] = []
    const receipt = await module.example({
      aggregator: scene.aggregator.url,
      privateKey: scene.world.client.privateKey,
      image: anyImage,
      folder: dir,
      outputs: join(dir, 'outputs'),
      log: (type: string) => logged.push(type),
    })
    assert.equal(receipt.accepted, 2)
    assert.equal(logged.at(-1), 'job.closed')
    const saved = ['a.txt', 'a.txt.stdout', 'b.txt', 'b.txt.stdout']
    assert.deepEqual((await readdir(join(dir, 'outputs'))).toSorted(), saved)
  } finally {
    await rm(path, { force: true })
    await rm(dir, { recursive: true, force: true })
  }
})
