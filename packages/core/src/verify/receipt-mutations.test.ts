/** Changes every value of a valid receipt, one at a time, and drops and doubles every list entry: each change is refused. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Receipt, toJson, unixMs, type Json } from '@assay/protocol'
import { buildEvidence, buildReceipt, createEvidenceCast } from '@assay/testkit'
import { verifyReceipt } from './verify-receipt.ts'

const cast = createEvidenceCast({ validators: 5, threshold: 2, shards: 2, providers: 3 })
const evidence = await buildEvidence(cast, {
  epochs: [
    {
      foreign: 1,
      attempts: [
        { shard: 0, provider: 0, sampled: true, story: 'garbage' },
        { shard: 0, attempt: 2, provider: 1, sampled: false },
        { shard: 1, attempt: 2, provider: 0, sampled: false },
      ],
    },
  ],
  failures: [
    {
      shard: 1,
      attempt: 1,
      provider: cast.providers[2]!.address,
      code: 'attempt-timeout',
      blame: 'provider',
      atMs: unixMs(7),
    },
  ],
})
const receipt = buildReceipt(cast, evidence)
const wire = toJson(receipt)
const anchors = {
  market: cast.market,
  quorum: cast.quorum,
  beacon: cast.beacon.info,
  operators: evidence.operators,
}

/** What may differ without harm, and why. */
const free: readonly (readonly [RegExp, string])[] = [
  [/^proof\b/, 'where the settlement is on chain takes a chain to check'],
  [/^evidence\.failures\b/, 'attempts that never committed are a record for people; no money follows from them'],
  [/^openings\.\d+ dropped$/, 'the client adds as many openings as it likes'],
  [/^evidence\.operators\.\d+ dropped$/, 'numbers of operators that earn nothing here are surplus'],
]

const isList = (value: Json): value is readonly Json[] => Array.isArray(value)

type Path = readonly (string | number)[]
interface Mutation {
  readonly name: string
  readonly value: Json
}

function* mutations(value: Json, path: Path = []): Generator<Mutation> {
  const name = path.join('.')
  const put = (at: Path, what: string, to: Json | undefined): Mutation => ({
    name: `${at.join('.')}${what}`,
    value: replaced(wire, at, to),
  })
  if (isList(value)) {
    for (const [i, item] of value.entries()) {
      yield { name: `${name}.${i} dropped`, value: replaced(wire, path, value.toSpliced(i, 1)) }
      yield { name: `${name}.${i} doubled`, value: replaced(wire, path, value.toSpliced(i, 0, item)) }
      yield* mutations(item, [...path, i])
    }
  } else if (value !== null && typeof value === 'object') {
    for (const [key, item] of Object.entries(value)) {
      yield put([...path, key], ' dropped', undefined)
      yield* mutations(item as Json, [...path, key])
    }
  } else for (const [i, other] of otherValues(value).entries()) yield put(path, ` changed (${i})`, other)
}

function otherValues(value: string | number | boolean | null): readonly Json[] {
  if (typeof value === 'number') return [value + 1, value - 1]
  if (typeof value === 'boolean') return [!value]
  if (value === null) return []
  // A signature has a second place of interest: its last byte says which of two keys made it.
  if (/^0x[0-9a-f]{130}$/.test(value)) return [flipNibble(value, 40), flipNibble(value, 131)]
  if (/^0x[0-9a-f]+$/.test(value)) return [flipNibble(value, value.length >> 1)]
  if (/^\d+$/.test(value)) return [`${BigInt(value) + 1n}`, value === '0' ? '2' : `${BigInt(value) - 1n}`]
  return [`${value}x`, value.replace(/\d(?=\D*$)/, (digit) => (digit === '7' ? '8' : '7'))].filter(
    (other) => other !== value,
  )
}

const flipNibble = (hex: string, at: number): string =>
  hex.slice(0, at) + (Number.parseInt(hex[at]!, 16) ^ 1).toString(16) + hex.slice(at + 1)

/** A copy of the receipt with the value at a path replaced, or removed when `to` is undefined. */
function replaced(value: Json, [key, ...rest]: Path, to: Json | undefined): Json {
  if (key === undefined) return to ?? null
  if (isList(value)) return value.map((item, i) => (i === key ? replaced(item, rest, to) : item))
  const entries = Object.entries(value as Record<string, Json>).filter(
    ([name]) => rest.length > 0 || to !== undefined || name !== key,
  )
  return Object.fromEntries(entries.map(([name, item]) => [name, name === key ? replaced(item, rest, to) : item]))
}

const isAccepted = (changed: Json): boolean => {
  const parsed = Receipt.safeParse(changed)
  return parsed.success && verifyReceipt(parsed.data, anchors).ok
}

describe('a receipt', () => {
  it('holds as it is', () => {
    assert.ok(isAccepted(wire))
  })

  it('holds nothing that could be changed unnoticed, save what is listed as free', () => {
    const all = [...mutations(wire)]
    const guarded = all.filter(({ name }) => !free.some(([pattern]) => pattern.test(name)))
    assert.deepEqual(
      guarded.filter(({ value }) => isAccepted(value)).map(({ name }) => name),
      [],
    )
    assert.ok(guarded.length > 550, `only ${guarded.length} mutations`)
    for (const [pattern] of free)
      assert.ok(
        all.some(({ name, value }) => pattern.test(name) && isAccepted(value)),
        String(pattern),
      )
  })
})
