/** Layered configuration: defaults < JSON file < ASSAY_* variables < flags, judged by the service's schema. */
import { readFile, stat } from 'node:fs/promises'
import { assertBug, MarketError } from '@assay/protocol'
import type { z } from 'zod'
import { limits } from './limits.ts'
import { listSettings, type Setting } from './settings.ts'

export interface ConfigSources {
  /** Computed defaults, such as paths below the data folder. The schema's own defaults apply after them. */
  readonly defaults?: ConfigTree
  /** A JSON file. A missing one is an error only when `required`, that is when a person named it. */
  readonly file?: { readonly path: string; readonly required: boolean }
  readonly env: Readonly<Record<string, string | undefined>>
  /** By dotted name without dashes, e.g. `chain.rpcUrl`; `undefined` means not given. */
  readonly flags?: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>
}
export type ConfigTree = { readonly [name: string]: unknown }

/**
 * Reads a configuration. Throws `config-invalid` whose details name the field, where its value came from, and what is
 * wrong with it, never the value.
 */
export async function loadConfig<S extends z.ZodObject>(schema: S, sources: ConfigSources): Promise<z.output<S>> {
  const settings = listSettings(schema)
  const fromFile = sources.file === undefined ? {} : await readConfigFile(sources.file)
  const layers: Layer[] = [
    { name: () => 'default', tree: sources.defaults ?? {} },
    { name: () => `file ${sources.file?.path ?? ''}`, tree: fromFile },
    { name: (path) => `environment ${envOf(settings, path)}`, tree: readEnv(settings, sources.env) },
    { name: (path) => `flag --${path.join('.')}`, tree: readFlags(settings, sources.flags ?? {}) },
  ]
  const merged = layers.reduce<ConfigTree>((tree, layer) => merge(tree, layer.tree), {})
  const parsed = schema.safeParse(merged)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  assertBug(issue !== undefined, 'a failed parse has an issue')
  const path = [...issue.path, ...(issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [])].map(String)
  const source =
    [...layers]
      .reverse()
      .find((layer) => has(layer.tree, path))
      ?.name(path) ?? 'nowhere'
  throw invalid({ field: path.join('.'), source, problem: issue.message, env: envOf(settings, path) })
}

interface Layer {
  readonly name: (path: readonly string[]) => string
  readonly tree: ConfigTree
}

async function readConfigFile(file: { readonly path: string; readonly required: boolean }): Promise<ConfigTree> {
  const whole = { field: '', source: `file ${file.path}` }
  let json: unknown
  try {
    if ((await stat(file.path)).size > limits.configBytes)
      throw invalid({ ...whole, problem: 'too large for a configuration' })
    json = JSON.parse(await readFile(file.path, 'utf8'))
  } catch (cause) {
    const missing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
    if (missing && !file.required) return {}
    if (cause instanceof MarketError) throw cause
    throw invalid({ ...whole, problem: missing ? 'does not exist' : 'is not readable JSON', cause })
  }
  if (!isTree(json)) throw invalid({ ...whole, problem: 'is not a JSON object' })
  return json
}

const readEnv = (settings: readonly Setting[], env: ConfigSources['env']): ConfigTree =>
  settings.reduce<ConfigTree>((tree, setting) => {
    const text = env[setting.env]
    return text === undefined || text === '' ? tree : merge(tree, nest(setting.path, setting.read(text)))
  }, {})

function readFlags(settings: readonly Setting[], flags: NonNullable<ConfigSources['flags']>): ConfigTree {
  let tree: ConfigTree = {}
  for (const [name, value] of Object.entries(flags)) {
    if (value === undefined) continue
    const setting = settings.find((one) => one.name === name)
    if (setting === undefined) throw invalid({ field: name, source: `flag --${name}`, problem: 'no such setting' })
    tree = merge(tree, nest(setting.path, typeof value === 'string' ? setting.read(value) : value))
  }
  return tree
}

/** Objects are merged field by field; everything else, lists included, replaces what was there. */
const merge = (below: ConfigTree, above: ConfigTree): ConfigTree => {
  const fields = new Map(Object.entries(below))
  for (const [name, value] of Object.entries(above)) {
    const old = fields.get(name)
    fields.set(name, isTree(old) && isTree(value) ? merge(old, value) : value)
  }
  return Object.fromEntries(fields)
}

const nest = (path: readonly string[], value: unknown): ConfigTree => {
  const [head = '', ...rest] = path
  return Object.fromEntries([[head, rest.length === 0 ? value : nest(rest, value)]])
}

/** Whether a layer says anything about this path: the field itself, or a value where the path needs an object. */
function has(tree: ConfigTree, path: readonly string[]): boolean {
  const [head, ...rest] = path
  if (head === undefined) return true
  const value = new Map(Object.entries(tree)).get(head)
  return value !== undefined && (!isTree(value) || has(value, rest))
}

const isTree = (value: unknown): value is ConfigTree =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const envOf = (settings: readonly Setting[], path: readonly string[]): string =>
  settings.find((setting) => setting.path.every((step, i) => step === path[i]))?.env ?? ''

interface Complaint {
  readonly field: string
  readonly source: string
  readonly problem: string
  readonly env?: string | undefined
  readonly cause?: unknown
}

const invalid = ({ field, source, problem, env, cause }: Complaint): MarketError =>
  new MarketError('config-invalid', `${field === '' ? 'configuration' : field} (${source}): ${problem}`, {
    details: { field, source, problem: problem.slice(0, 500), ...(env === undefined || env === '' ? {} : { env }) },
    cause,
  })
