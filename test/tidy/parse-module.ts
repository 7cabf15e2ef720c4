/** What one TypeScript file takes in and gives out, read by a real parser: comments and strings cannot fool it. */
import { type ParseResult, Visitor, parseSync } from 'oxc-parser'

export interface ParsedModule {
  /** Every specifier of `import`, `export … from`, `import()`, `import('x').Type` and `import x = require()`. */
  readonly specifiers: readonly string[]
  /** `import()` of something only known at run time: no check can see where it leads. */
  readonly hasComputedImport: boolean
  readonly hasExportStar: boolean
  readonly hasDefaultExport: boolean
  /** `new Date()` or `Date()`: reading the clock without naming it. */
  readonly readsClock: boolean
  readonly result: ParseResult
}

/** Throws when the file does not parse: a file that cannot be read would otherwise pass every check. */
export function parseModule(path: string, source: string): ParsedModule {
  const result = parseSync(path, source)
  const [error] = result.errors
  if (error !== undefined) throw new SyntaxError(`${path}: ${error.message}`)
  const { staticImports, staticExports } = result.module
  const exports = staticExports.flatMap(({ entries }) => entries)
  const visited = visitExpressions(result)
  return {
    specifiers: [
      ...staticImports.map(({ moduleRequest }) => moduleRequest.value),
      ...exports.flatMap(({ moduleRequest }) => (moduleRequest === null ? [] : [moduleRequest.value])),
      ...visited.specifiers,
    ],
    hasComputedImport: visited.hasComputedImport,
    hasExportStar: exports.some(({ importName }) => importName.kind === 'AllButDefault' || importName.kind === 'All'),
    hasDefaultExport: exports.some(({ exportName }) => exportName.kind === 'Default' || exportName.name === 'default'),
    readsClock: visited.readsClock,
    result,
  }
}

function visitExpressions({
  program,
}: ParseResult): Pick<ParsedModule, 'specifiers' | 'hasComputedImport' | 'readsClock'> {
  const specifiers: string[] = []
  let hasComputedImport = false
  let readsClock = false
  new Visitor({
    ImportExpression({ source }) {
      if (source.type === 'Literal' && typeof source.value === 'string') specifiers.push(source.value)
      else hasComputedImport = true
    },
    TSImportType({ source }) {
      specifiers.push(source.value)
    },
    TSExternalModuleReference({ expression }) {
      specifiers.push(expression.value)
    },
    NewExpression({ callee, arguments: given }) {
      readsClock ||= callee.type === 'Identifier' && callee.name === 'Date' && given.length === 0
    },
    CallExpression({ callee }) {
      readsClock ||= callee.type === 'Identifier' && callee.name === 'Date'
    },
  }).visit(program)
  return { specifiers, hasComputedImport, readsClock }
}

/** `@scope/name` or `name`, without the path inside it; undefined for relative files and Node's own modules. */
export function packageOf(specifier: string): string | undefined {
  if (specifier.startsWith('.') || specifier.startsWith('/') || specifier.startsWith('node:')) return undefined
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}
