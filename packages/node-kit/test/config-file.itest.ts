import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { z } from 'zod'
import { loadConfig } from '../src/index.ts'

const schema = z.strictObject({ name: z.string(), port: z.int().default(1), tags: z.array(z.string()).default([]) })

it('reads a file between the defaults and the variables, and says what is wrong with it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'assay-config-'))
  try {
    const path = join(folder, 'config.json')
    const load = async (text: string | undefined, required = true) => {
      if (text !== undefined) await writeFile(path, text)
      return loadConfig(schema, {
        defaults: { name: 'default', tags: ['x', 'y'] },
        file: { path, required },
        env: { ASSAY_PORT: '7' },
      })
    }
    assert.deepEqual(await load(undefined, false), { name: 'default', port: 7, tags: ['x', 'y'] })
    await assert.rejects(load(undefined), {
      code: 'config-invalid',
      details: { field: '', source: `file ${path}`, problem: 'does not exist' },
    })
    assert.deepEqual(await load('{"name":"file","port":3,"tags":["z"]}'), { name: 'file', port: 7, tags: ['z'] })
    const bad: [string, string, RegExp][] = [
      ['{"name":1}', 'name', /string/],
      ['{"tags":["a",1]}', 'tags.1', /string/],
      ['{"nmae":"typo"}', 'nmae', /nmae/],
      ['{"name":', '', /JSON/],
      ['[]', '', /object/],
      [' '.repeat(2_000_000), '', /large/],
    ]
    for (const [text, field, problem] of bad) {
      await assert.rejects(load(text), (error: Error & { code?: string; details?: Record<string, string> }) => {
        assert.equal(error.code, 'config-invalid')
        assert.equal(error.details?.['field'], field)
        assert.equal(error.details['source'], `file ${path}`)
        assert.match(error.details['problem'] ?? '', problem)
        return true
      })
    }
  } finally {
    await rm(folder, { recursive: true })
  }
})
