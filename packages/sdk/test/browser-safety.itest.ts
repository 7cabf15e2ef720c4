/** The core entry runs in a browser: nothing it reaches needs Node. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { builtinModules } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import test from 'node:test'
import { parseSync } from 'oxc-parser'

const root = resolve(import.meta.dirname, '../../..')
/** Packages that are made for browsers too. Whatever joins this list must be. */
const portable = new Set([
  '@bitauth/libauth',
  '@noble/curves',
  'age-encryption',
  'canonicalize',
  'eventsource-parser',
  'hash-wasm',
  'ox',
  'viem',
  'zod',
])
const nodeOnly = ['Buffer', 'process', 'global', '__dirname', '__filename', 'require', 'setImmediate']

interface Reached {
  readonly files: ReadonlySet<string>
  readonly packages: ReadonlySet<string>
}

/** Every file of the workspace and every package that a module reaches, lazily or not. */
async function reach(entry: string): Promise<Reached> {
  const files = new Set<string>()
  const packages = new Set<string>()
  const visit = async (file: string): Promise<void> => {
    if (files.has(file)) return
    files.add(file)
    for (const specifier of await importsOf(file)) {
      if (specifier.startsWith('.')) await visit(resolve(dirname(file), specifier))
      else if (specifier.startsWith('@assay/')) await visit(join(root, 'packages', specifier.slice(7), 'src/index.ts'))
      else packages.add(nameOf(specifier))
    }
  }
  await visit(entry)
  return { files, packages }
}

async function importsOf(file: string): Promise<readonly string[]> {
  const text = await readFile(file, 'utf8')
  const { module, errors } = parseSync(file, text)
  assert.deepEqual(errors, [], file)
  const runtime = module.staticImports.filter(
    ({ entries }) => entries.length === 0 || entries.some((one) => !one.isType),
  )
  const again = module.staticExports.flatMap(({ entries }) =>
    entries.flatMap(({ moduleRequest, isType }) => (moduleRequest === null || isType ? [] : [moduleRequest.value])),
  )
  const lazy = module.dynamicImports.map(({ moduleRequest }) =>
    text.slice(moduleRequest.start + 1, moduleRequest.end - 1),
  )
  return [...runtime.map(({ moduleRequest }) => moduleRequest.value), ...again, ...lazy]
}

const nameOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')

/** Identifiers of a file outside comments, strings and type positions, as far as names alone can tell. */
async function identifiersOf(file: string): Promise<ReadonlySet<string>> {
  const { program } = parseSync(file, await readFile(file, 'utf8'))
  const names = new Set<string>()
  JSON.stringify(program, (_key, node: unknown) => {
    if (typeof node === 'object' && node !== null && 'type' in node && node.type === 'Identifier' && 'name' in node)
      names.add(String(node.name))
    return typeof node === 'bigint' ? node.toString() : node
  })
  return names
}

test('the core entry reaches no Node module and no package that is not made for browsers', async () => {
  const { files, packages } = await reach(join(root, 'packages/sdk/src/index.ts'))
  assert.ok(files.size > 60, 'the walk follows the workspace packages')
  assert.ok(packages.has('viem') && packages.has('eventsource-parser'), 'the walk follows lazy imports')
  const strangers = [...packages].filter(
    (name) => !portable.has(name) || builtinModules.includes(name.replace(/^node:/, '')),
  )
  assert.deepEqual(strangers, [])
})

test('no file of the core entry names a global that only Node has', async () => {
  const { files } = await reach(join(root, 'packages/sdk/src/index.ts'))
  for (const file of files) {
    const names = await identifiersOf(file)
    for (const name of nodeOnly) assert.ok(!names.has(name), `${relative(root, file)} uses ${name}`)
  }
})

test('the walk would notice: the Node entry does reach Node', async () => {
  const { files, packages } = await reach(join(root, 'packages/sdk/src/node.ts'))
  assert.ok(packages.has('node:fs'))
  const names = await Promise.all([...files].map(identifiersOf))
  assert.ok(names.some((set) => set.has('Buffer')))
})
