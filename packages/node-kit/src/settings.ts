/** The settings of a schema by name, and how text from a variable or a flag becomes a value for it. */
import { assertBug } from '@assay/protocol'
import { z } from 'zod'

/** One leaf of a configuration schema. */
export interface Setting {
  /** Dotted, as in a flag: `chain.rpcUrl`. */
  readonly name: string
  readonly path: readonly string[]
  /** `ASSAY_CHAIN_RPC_URL`. */
  readonly env: string
  /** From the schema's `describe`. */
  readonly description: string | undefined
  /** Text as a value of the leaf's type; text that is none stays text, for the schema to refuse. */
  read(text: string): unknown
}

/** All leaves, in the order of the schema. It is a bug when two of them share a variable. */
export function listSettings(schema: z.ZodObject): readonly Setting[] {
  const settings = walk(describe(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })), [])
  const names = new Set(settings.map((setting) => setting.env))
  assertBug(names.size === settings.length, 'two settings share an environment variable')
  return settings
}

/** The parts of JSON Schema that are read here. */
interface Shape {
  readonly type: string | undefined
  readonly description: string | undefined
  readonly fields: readonly (readonly [string, unknown])[]
  readonly items: unknown
}

function walk(shape: Shape, path: readonly string[]): readonly Setting[] {
  if (shape.fields.length > 0) return shape.fields.flatMap(([name, child]) => walk(describe(child), [...path, name]))
  if (path.length === 0) return []
  const env = ['ASSAY', ...path.map(upperSnake)].join('_')
  return [{ name: path.join('.'), path, env, description: shape.description, read: (text) => readAs(shape, text) }]
}

function describe(schema: unknown): Shape {
  const fields = new Map<string, unknown>(isObject(schema) ? Object.entries(schema) : [])
  const textOf = (name: string): string | undefined => {
    const value = fields.get(name)
    return typeof value === 'string' ? value : undefined
  }
  const properties = fields.get('properties')
  return {
    type: textOf('type'),
    description: textOf('description'),
    fields: isObject(properties) ? Object.entries(properties) : [],
    items: fields.get('items'),
  }
}

function readAs(shape: Shape, text: string): unknown {
  switch (shape.type) {
    case 'string':
      return text
    case 'integer':
    case 'number':
      return /^-?\d+(?:\.\d+)?(?:e\d+)?$/.test(text) ? Number(text) : text
    case 'boolean':
      return text === 'true' || text === '1' ? true : text === 'false' || text === '0' ? false : text
    case 'array':
      return readList(describe(shape.items), text)
    default:
      return readJson(text)
  }
}

/** A JSON list, or items between commas. */
function readList(items: Shape, text: string): unknown {
  if (text.trimStart().startsWith('[')) return readJson(text)
  const parts = text.split(',').map((part) => part.trim())
  return parts.filter((part) => part !== '').map((part) => readAs(items, part))
}

function readJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return value
  } catch {
    return text
  }
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
const upperSnake = (name: string): string =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .toUpperCase()
