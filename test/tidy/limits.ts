/** Bounds live in `limits.ts`, each with a sentence saying why that number. */
import { parseModule } from './parse-module.ts'

/** Fewer words cannot be a reason. */
const MIN_WORDS = 5

interface Named {
  readonly name: string
  readonly start: number
}

/**
 * The exported constants, and the members of exported objects, that stand without such a comment. One comment may speak
 * for two lines that follow each other: a first and a longest wait, say.
 */
export function undocumentedLimits(path: string, source: string): string[] {
  const { program, comments } = parseModule(path, source).result
  const reasons = comments.filter(({ type, value }) => type === 'Block' && value.startsWith('*') && isReason(value))
  const isDocumented = ({ start }: Named): boolean =>
    reasons.some(({ end }) => end <= start && source.slice(end, start).trim() === '')
  const limits = listLimits(program)
  return limits
    .filter((limit, index) => {
      const before = limits[index - 1]
      const shares = before !== undefined && isDocumented(before) && isNextLine(source, before, limit)
      return !isDocumented(limit) && !shares
    })
    .map(({ name }) => `${path}: ${name} does not say why`)
}

function isReason(comment: string): boolean {
  return (comment.match(/[A-Za-z]{2,}/g) ?? []).length >= MIN_WORDS
}

function isNextLine(source: string, before: Named, limit: Named): boolean {
  return source.slice(before.start, limit.start).split('\n').length === 2
}

function listLimits(program: ReturnType<typeof parseModule>['result']['program']): Named[] {
  return program.body.flatMap((statement) => {
    if (statement.type !== 'ExportNamedDeclaration' || statement.declaration?.type !== 'VariableDeclaration') return []
    return statement.declaration.declarations.flatMap(({ id, init }) => {
      const name = id.type === 'Identifier' ? id.name : '(pattern)'
      const value = init?.type === 'TSAsExpression' || init?.type === 'TSSatisfiesExpression' ? init.expression : init
      if (value?.type !== 'ObjectExpression') return [{ name, start: statement.start }]
      return value.properties.map((property) => ({
        name: `${name}.${property.type === 'Property' && property.key.type === 'Identifier' ? property.key.name : '?'}`,
        start: property.start,
      }))
    })
  })
}
