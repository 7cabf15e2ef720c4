import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { z } from 'zod'
import { limits } from './limits.ts'
import {
  addressSchema,
  attemptSchema,
  basisPointsSchema,
  hash32Schema,
  operatorIndexSchema,
  pathSchema,
  ppmSchema,
  publicKeySchema,
  shardSchema,
  signatureSchema,
  unixSecondsSchema,
  usdcSchema,
} from './schema.ts'

const takes = (schema: z.ZodType, value: unknown): boolean => schema.safeParse(value).success

describe('wire values', () => {
  it('are decimal strings for money, canonical and within uint64', () => {
    for (const text of ['0', '1', '18446744073709551615']) assert.ok(takes(usdcSchema, text), text)
    const wrong = [
      '',
      '00',
      '01',
      '-1',
      '+1',
      '1.0',
      '1e3',
      '0x1',
      ' 1',
      '18446744073709551616',
      '99999999999999999999',
      1,
      1n,
    ]
    for (const value of wrong) assert.ok(!takes(usdcSchema, value), String(value))
  })

  it('are lowercase hex of exact length for hashes, keys and signatures', () => {
    const sizes = [
      [hash32Schema, 32],
      [addressSchema, 20],
      [publicKeySchema, 33],
      [signatureSchema, 65],
    ] as const
    for (const [schema, size] of sizes) {
      assert.ok(takes(schema, `0x${'ab'.repeat(size)}`))
      const wrong = [
        `0x${'AB'.repeat(size)}`,
        'ab'.repeat(size),
        `0x${'ab'.repeat(size - 1)}`,
        `0x${'ab'.repeat(size)}0`,
        `0x${'ab'.repeat(size)}\n`,
      ]
      for (const text of wrong) assert.ok(!takes(schema, text), text)
    }
  })

  it('stay within their bounds', () => {
    const bounds = [
      [shardSchema, 0, limits.shardsPerJob - 1],
      [attemptSchema, 1, limits.attemptsPerShard],
      [operatorIndexSchema, 1, 0xffff_ffff],
      [ppmSchema, 0, 1_000_000],
      [basisPointsSchema, 0, 10_000],
      [unixSecondsSchema, 0, 0xff_ffff_ffff],
    ] as const
    for (const [schema, least, most] of bounds) {
      assert.ok(takes(schema, least) && takes(schema, most))
      assert.ok(
        !takes(schema, least - 1) &&
          !takes(schema, most + 1) &&
          !takes(schema, least + 0.5) &&
          !takes(schema, `${least}`),
      )
    }
  })

  it('are clean relative paths', () => {
    for (const path of ['a', 'a/b.txt', '…/é', 'a b', '-x']) assert.ok(takes(pathSchema, path), path)
    for (const path of ['', '/a', 'a/', 'a//b', '.', 'a/../b', 'a\nb', 'e\u0301', '\ud800'])
      assert.ok(!takes(pathSchema, path), path)
  })
})
