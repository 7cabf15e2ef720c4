/** Every schema that the package exports: what it accepts comes back byte for byte, and nothing else is accepted. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { z } from 'zod'
import { arbitraryOf } from '../test/arbitrary-of.ts'
import { decodeFrame, encodeCanonical, encodeFrame, toJson, type Json } from './index.ts'
import * as protocol from './index.ts'

const schemas = Object.entries(protocol).flatMap(([name, value]): [string, z.ZodType][] =>
  typeof value === 'object' && '_zod' in value ? [[name, value as z.ZodType]] : [],
)
const shapeOf = (schema: z.ZodType): Record<string, z.ZodType> | undefined =>
  (schema as unknown as { def: { shape?: Record<string, z.ZodType> } }).def.shape
/** Optional by their shape, asked for by the class beside them. */
const tied: ReadonlySet<string> = new Set(['hardwareClass', 'tolerance'])

describe('schemas', () => {
  it('are all here', () => {
    assert.ok(schemas.length >= 75, `${schemas.length}`)
  })

  for (const [name, schema] of schemas) {
    it(`${name} gives back on the wire what it took from it`, () => {
      fc.assert(
        fc.property(arbitraryOf(schema), (wire) => {
          const value = schema.parse(wire)
          assert.deepEqual(toJson(value), wire)
          assert.deepEqual(schema.parse(toJson(value)), value)
          if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
            assert.deepEqual(decodeFrame(schema, encodeFrame(value), name), value)
            assert.deepEqual(schema.parse(JSON.parse(encodeCanonical(toJson(value)))), value)
          }
        }),
        { numRuns: 25 },
      )
    })

    const shape = shapeOf(schema)
    if (shape !== undefined)
      it(`${name} takes no unknown key and misses none of its own`, () => {
        fc.assert(
          fc.property(arbitraryOf(schema), fc.string(), (wire, extra) => {
            const given = wire as Record<string, Json>
            fc.pre(!(extra in shape) && extra !== '__proto__')
            assert.equal(schema.safeParse({ ...given, [extra]: 1 }).success, false)
            for (const key of Object.keys(given)) {
              if (tied.has(key)) continue
              const { [key]: _, ...rest } = given
              assert.equal(schema.safeParse(rest).success, shape[key]!.safeParse(undefined).success, key)
            }
          }),
          { numRuns: 8 },
        )
      })
  }
})
