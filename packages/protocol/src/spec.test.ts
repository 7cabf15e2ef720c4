/** SPEC.md says what the code does: type strings, bounds, protocols, kinds, and every hash it shows. */
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import type { z } from 'zod'
import { errorCodes } from './error-table.ts'
import { limits } from './limits.ts'
import { protocols, ValidatorReply, ValidatorRequest } from './messages.ts'
import { typedDataTypes } from './typed-data.ts'

const read = async (path: string): Promise<string> => readFile(new URL(path, import.meta.url), 'utf8')
/** Without the padding of its tables. */
const spec = (await read('../SPEC.md')).replaceAll(/ +/g, ' ')
const vectors = new URL('../vectors/', import.meta.url)

describe('SPEC.md', () => {
  it('gives the EIP-712 type strings of the code, and no others', () => {
    const coded = Object.entries(typedDataTypes).map(
      ([name, fields]) => `${name}(${fields.map(({ name: field, type }) => `${type} ${field}`).join(',')})`,
    )
    const shown = [...spec.matchAll(/`([A-Z][A-Za-z]+\((?:address|bytes32|uint)[^`]*\))`/g)].map(
      (match) => match[1] ?? '',
    )
    assert.deepEqual(new Set(shown), new Set(coded))
    assert.equal(shown.length, coded.length)
  })

  it('lists every bound with its value', () => {
    const bounds = spec.slice(spec.indexOf('## 18.'))
    const rows = [...bounds.matchAll(/\| `([a-zA-Z]+)` \| (\d+) (?=\|)/g)].map(([, name, value]) => [
      name,
      Number(value),
    ])
    assert.deepEqual(Object.fromEntries(rows), { ...limits })
  })

  it('names every stream protocol and every message to a validator', () => {
    for (const protocol of Object.values(protocols)) assert.ok(spec.includes(`\`${protocol}\``), protocol)
    for (const { shape } of [...ValidatorRequest.options, ...ValidatorReply.options]) {
      const fields = Object.entries<z.ZodType>(shape).flatMap(([name, field]) =>
        name === 'type' ? [] : `${name}${field.safeParse(undefined).success ? '?' : ''}`,
      )
      const [type] = shape.type.values
      if (type === 'error') continue
      assert.ok(spec.includes(fields.length === 0 ? `\`${type}\`` : `\`${type} {${fields.join(', ')}}\``), type)
    }
  })

  it('shows only hashes that a vector holds', async () => {
    const files = await Promise.all((await readdir(vectors)).map(async (name) => read(`../vectors/${name}`)))
    const shown = [...spec.matchAll(/0x[0-9a-f]{64}\b/g)].map(([hash]) => hash)
    assert.ok(shown.length > 0)
    for (const hash of shown)
      assert.ok(
        files.some((file) => file.includes(hash)),
        hash,
      )
  })

  it('points at vectors that exist, and at all of them', async () => {
    const named = new Set([...spec.matchAll(/`([a-z0-9]+)\.json`/g)].map((match) => `${match[1]}.json`))
    assert.deepEqual([...named].toSorted(), (await readdir(vectors)).toSorted())
  })

  it('names error codes that exist', () => {
    for (const code of ['signature-invalid', 'message-malformed', 'job-state']) {
      assert.ok(spec.includes(`\`${code}\``))
      assert.ok(errorCodes.some((known) => known === code))
    }
  })
})
