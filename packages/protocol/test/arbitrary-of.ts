/** Wire values that a schema accepts, for property tests: read off the schema itself, so none can be forgotten. */
import fc from 'fast-check'
import type { z } from 'zod'

/** The parts of zod's own description that the protocol's schemas use. */
interface Node {
  readonly _zod: {
    readonly def: Readonly<Record<string, unknown>> & { readonly type: string; readonly checks?: readonly Check[] }
  }
  safeParse(value: unknown): { readonly success: boolean }
}

interface Check {
  readonly _zod: {
    readonly def: {
      readonly check: string
      readonly value?: number
      readonly minimum?: number
      readonly maximum?: number
      readonly pattern?: RegExp
    }
  }
}
interface Bounds {
  readonly min?: number
  readonly max?: number
  readonly pattern?: RegExp
}

/** Values before parsing: what travels. Lists and texts are kept short. */
export function arbitraryOf(schema: z.ZodType): fc.Arbitrary<unknown> {
  return arbitrary(schema as unknown as Node)
}

function arbitrary(node: Node): fc.Arbitrary<unknown> {
  const made = unchecked(node)
  // Refinements are code: draw until they hold.
  return node._zod.def['checks'] === undefined ? made : made.filter((value) => node.safeParse(value).success)
}

function unchecked(node: Node): fc.Arbitrary<unknown> {
  const { def } = node._zod
  const bounds = boundsOf(def.checks ?? [])
  switch (def.type) {
    case 'string':
      return text(bounds)
    case 'number':
      return number(bounds, def['format'])
    case 'boolean':
      return fc.boolean()
    case 'literal':
      return fc.constantFrom(...(def['values'] as readonly unknown[]))
    case 'enum':
      return fc.constantFrom(...Object.values(def['entries'] as Record<string, unknown>))
    case 'array':
      return fc.array(arbitrary(def['element'] as Node), {
        minLength: bounds.min ?? 0,
        maxLength: Math.min(bounds.max ?? 3, (bounds.min ?? 0) + 2),
      })
    case 'optional':
      return arbitrary(def['innerType'] as Node)
    case 'union':
      return fc.oneof(...(def['options'] as readonly Node[]).map(arbitrary))
    case 'record':
      return fc.dictionary(
        arbitrary(def['keyType'] as Node) as fc.Arbitrary<string>,
        arbitrary(def['valueType'] as Node),
        { maxKeys: 3, noNullPrototype: true },
      )
    case 'pipe':
      return arbitrary(def['in'] as Node)
    case 'object': {
      const shape = def['shape'] as Record<string, Node>
      const required = Object.keys(shape).filter((key) => shape[key]!._zod.def.type !== 'optional')
      const fields = Object.fromEntries(Object.entries(shape).map(([key, field]) => [key, arbitrary(field)]))
      return fc.record(fields, { requiredKeys: required, noNullPrototype: true })
    }
    default:
      throw new Error(`no values for a schema of type ${def.type}`)
  }
}

function boundsOf(checks: readonly Check[]): Bounds {
  const bounds: { min?: number; max?: number; pattern?: RegExp } = {}
  for (const { _zod } of checks) {
    const { check, value, minimum, maximum, pattern } = _zod.def
    if (check === 'greater_than' && value !== undefined) bounds.min = value
    if (check === 'less_than' && value !== undefined) bounds.max = value
    if (check === 'min_length' && minimum !== undefined) bounds.min = minimum
    if (check === 'max_length' && maximum !== undefined) bounds.max = maximum
    if (pattern !== undefined) bounds.pattern = pattern
  }
  return bounds
}

function text({ pattern, min = 0, max = Infinity }: Bounds): fc.Arbitrary<string> {
  if (pattern !== undefined) return fc.stringMatching(pattern)
  return fc
    .string({ minLength: min, maxLength: Math.min(max, min + 12), unit: 'grapheme' })
    .filter((s) => s.length <= max)
}

/** Small numbers as often as large ones: both kinds of refinement are met soon. */
function number(
  { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER }: Bounds,
  format: unknown,
): fc.Arbitrary<number> {
  if (format === undefined)
    return fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (Object.is(value, -0) ? 0 : value))
  const wide = fc.integer({ min, max })
  return min < 0 ? wide : fc.oneof(wide, fc.integer({ min, max: Math.min(max, min + 5000) }))
}
