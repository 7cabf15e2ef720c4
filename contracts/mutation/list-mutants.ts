/** All mutants of a set of Solidity files: one change each, named so that a person and a list can point at it. */
import type { Compile } from '../scripts/lib/load-compiler.ts'
import { type AstNode, childrenOf, isNode, textOf } from './ast.ts'
import { type Edit, type Place, mutateNode } from './mutate-node.ts'

export interface Mutant extends Edit {
  /** Below `contracts`, like `src/Escrow.sol`. */
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly column: number
  /** `Escrow.settle`, or `Escrow.MAX_FEE_BPS` for what stands outside functions. */
  readonly where: string
  readonly before: string
  /**
   * Names the mutant without line numbers, so that a change elsewhere in the file leaves it alone:
   * `src/Escrow.sol Escrow.refund deletion: emit OrderRefunded(…); -> {} #1`; the number counts equal ones in a function.
   */
  readonly key: string
}

/** Source texts by file name. */
export type Sources = ReadonlyMap<string, string>

/** Lists mutants by file, then by place. Throws if a file does not parse. */
export function listMutants(sources: Sources, compile: Compile): Mutant[] {
  const asts = parseSources(sources, compile)
  return [...asts].flatMap(([file, ast]) => {
    const source = Buffer.from(sources.get(file) ?? '')
    const edits: (Edit & { where: string })[] = []
    collect({ node: ast, field: '', parent: ast, source }, '', edits)
    const inOrder = edits.toSorted((a, b) => a.start - b.start || a.end - b.end)
    return nameMutants(file, source, inOrder)
  })
}

/** The whole file with the change in it. */
export function applyMutant(source: string, { start, end, after }: Mutant): string {
  const bytes = Buffer.from(source)
  return Buffer.concat([bytes.subarray(0, start), Buffer.from(after), bytes.subarray(end)]).toString()
}

/** What a person reads: `src/Escrow.sol:120:13 comparison: > -> >=`. */
export function describeMutant({ file, line, column, operator, before, after }: Mutant): string {
  return `${file}:${line}:${column} ${operator}: ${before} -> ${after === '' ? '(nothing)' : after}`
}

function parseSources(sources: Sources, compile: Compile): Map<string, AstNode> {
  const output = compile({
    language: 'Solidity',
    sources: Object.fromEntries([...sources].map(([file, content]) => [file, { content }])),
    settings: { stopAfter: 'parsing', outputSelection: { '*': { '': ['ast'] } } },
  })
  return new Map(
    [...sources.keys()].map((file) => {
      const ast = output.sources?.[file]?.ast
      if (!isNode(ast)) throw new Error(`${file} does not parse: ${output.errors?.[0]?.formattedMessage}`)
      return [file, ast]
    }),
  )
}

function collect(place: Place, where: string, edits: (Edit & { where: string })[]): void {
  const { node, source } = place
  // Types are not code: the 32 of `bytes[32]` and the names of a mapping stay.
  if (node.nodeType.endsWith('TypeName') || node.nodeType === 'Mapping' || node.nodeType === 'ImportDirective') return
  for (const edit of mutateNode(place)) edits.push({ ...edit, where })
  for (const { field, child } of childrenOf(node)) {
    collect({ node: child, field, parent: node, source }, nameOf(node, child, where), edits)
  }
}

function nameOf(parent: AstNode, child: AstNode, where: string): string {
  const name = textOf(child, 'name') || textOf(child, 'kind')
  if (child.nodeType === 'ContractDefinition') return name
  const isMember =
    child.nodeType === 'FunctionDefinition' ||
    child.nodeType === 'ModifierDefinition' ||
    (child.nodeType === 'VariableDeclaration' && parent.nodeType === 'ContractDefinition')
  return isMember ? `${where}.${name}`.replace(/^\./, '') : where
}

function nameMutants(file: string, source: Buffer, edits: readonly (Edit & { where: string })[]): Mutant[] {
  const seen = new Map<string, number>()
  return edits.map((edit) => {
    const { start, end, operator, after, where } = edit
    const above = source.subarray(0, start).toString().split('\n')
    const before = squeeze(source.subarray(start, end).toString())
    const text = lineAround(source, start)
    const quoted = text === before ? before : `${before} in ${text}`
    const name = `${file} ${where} ${operator}: ${quoted} -> ${squeeze(after)}`
    const count = (seen.get(name) ?? 0) + 1
    seen.set(name, count)
    const place = { line: above.length, column: (above.at(-1) ?? '').length + 1 }
    return { ...edit, file, before, ...place, key: count === 1 ? name : `${name} #${count}` }
  })
}

/** The line that a byte is in, without its indentation. */
function lineAround(source: Buffer, start: number): string {
  const first = source.lastIndexOf('\n', start - 1) + 1
  const last = source.indexOf('\n', start)
  return squeeze(source.subarray(first, last < 0 ? source.length : last).toString())
}

function squeeze(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim()
}
