/** Wire values that a schema accepts, for property tests: read off the schema itself, so none can be forgotten. */
import fc from 'fast-check'
import type { z } from 'zod'

/** The parts of zod's own description that the protocol's schemas use. */
interface Node {
  readonly _zod: {
    readonly def: Readonly<Record<string, unknown>> & { readonly type: string }
    readonly bag: { readonly minimum?: number; readonly maximum?: number; readonly patterns?: ReadonlySet<RegExp> }
  }
  safeParse(value: unknown): { readonly success: boolean }
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
  const { def, bag } = node._zod
  switch (def.type) {
    case 'string':
      return text(bag)
    case 'number':
      return number(bag, def['format'])
    case 'boolean':
      return fc.boolean()
    case 'literal':
      return fc.constantFrom(...(def['values'] as readonly unknown[]))
    case 'enum':
      return fc.constantFrom(...Object.values(def['entries'] as Record<string, unknown>))
    case 'array':
      return fc.array(arbitrary(def['element'] as Node), {
        minLength: bag.minimum ?? 0,
        maxLength: Math.min(bag.maximum ?? 3, (bag.minimum ?? 0) + 2),
      })
    case 'optional':
      return arbitrary(def['innerType'] as Node)
    case 'union':
      return fc.oneof(...(def['options'] as readonly Node[]).map(arbitrary))
    case 'record':
      return fc.dictionary(arbitrary(def['keyType'] as Node) as fc.Arbitrary<string>, arbitrary(def['valueType'] as Node), { maxKeys: 3 })
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

function text({ patterns, minimum = 0, maximum = Infinity }: Node['_zod']['bag']): fc.Arbitrary<string> {
  const [pattern] = patterns ?? []
  if (pattern !== undefined) return fc.stringMatching(pattern)
  return fc.string({ minLength: minimum, maxLength: Math.min(maximum, minimum + 12), unit: 'grapheme' }).filter((s) => s.length <= maximum)
}

function number({ minimum = Number.MIN_SAFE_INTEGER, maximum = Number.MAX_SAFE_INTEGER }: Node['_zod']['bag'], format: unknown): fc.Arbitrary<number> {
  if (format === undefined) return fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (Object.is(value, -0) ? 0 : value))
  const wide = fc.integer({ min: minimum, max: maximum })
  return minimum < 0 ? wide : fc.oneof(wide, fc.integer({ min: minimum, max: Math.min(maximum, minimum + 5000) }))
}
