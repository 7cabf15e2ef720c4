/**
 * The operator rules: what is changed in one node of the syntax tree. A rule may propose text that does not compile or
 * that means the same; both are found out later, by compiling.
 */
import { type AstNode, type Span, childOf, isNode, spanOf, textOf } from './ast.ts'

export type Operator =
  'comparison' | 'arithmetic' | 'boolean' | 'negation' | 'bitwise' | 'constant' | 'string' | 'deletion' | 'modifier'

/** One replacement of bytes. */
export interface Edit extends Span {
  readonly operator: Operator
  readonly after: string
}

/** A node with what surrounds it. */
export interface Place {
  readonly node: AstNode
  /** The field of the parent that holds it. */
  readonly field: string
  readonly parent: AstNode
  readonly source: Buffer
}

type Swaps = Readonly<Record<string, { readonly operator: Operator; readonly to: string }>>

const SWAPS: Swaps = {
  ...swapsOf('comparison', ['<', '<='], ['>', '>='], ['==', '!=']),
  ...swapsOf('arithmetic', ['+', '-'], ['*', '/'], ['+=', '-='], ['*=', '/='], ['++', '--']),
  ...swapsOf('boolean', ['&&', '||']),
  ...swapsOf('bitwise', ['&', '|'], ['<<', '>>'], ['&=', '|='], ['<<=', '>>=']),
  '%': { operator: 'arithmetic', to: '*' },
  '**': { operator: 'arithmetic', to: '*' },
  '^': { operator: 'bitwise', to: '&' },
}

/** Of inline assembly. `slt` and `sgt` are left out: nothing here uses signed numbers. */
const YUL_SWAPS: Swaps = {
  ...swapsOf('comparison', ['lt', 'gt']),
  ...swapsOf('arithmetic', ['add', 'sub'], ['mul', 'div']),
  ...swapsOf('bitwise', ['and', 'or'], ['shl', 'shr']),
  eq: { operator: 'comparison', to: 'lt' },
  iszero: { operator: 'negation', to: 'not' },
}

/** Everything that the rules change in this one node, not in what it contains. */
export function mutateNode(place: Place): Edit[] {
  const { node } = place
  switch (node.nodeType) {
    case 'BinaryOperation':
      return swapBetween(place, childOf(node, 'leftExpression'), childOf(node, 'rightExpression'))
    case 'Assignment':
      return swapBetween(place, childOf(node, 'leftHandSide'), childOf(node, 'rightHandSide'))
    case 'UnaryOperation':
      return mutateUnary(place)
    case 'Literal':
      return mutateLiteral(place)
    case 'YulLiteral':
      return node['kind'] === 'number' ? shiftNumber(place) : []
    case 'YulFunctionCall':
      return swapYulFunction(node)
    case 'IfStatement':
      return [...negateCondition(place), ...deleteRevertIf(place)]
    case 'Conditional':
    case 'WhileStatement':
      return negateCondition(place)
    case 'ModifierInvocation':
      return [{ ...spanOf(node), operator: 'modifier', after: '' }]
    case 'ExpressionStatement':
    case 'EmitStatement':
    case 'RevertStatement':
    case 'Return':
    case 'Break':
    case 'Continue':
      return isDeletable(place) ? [deleteStatement(place)] : []
    case 'YulAssignment':
    case 'YulExpressionStatement':
    case 'YulBreak':
    case 'YulContinue':
    case 'YulIf':
      return [{ ...spanOf(node), operator: 'deletion', after: '{}' }]
    default:
      return []
  }
}

function swapsOf(operator: Operator, ...pairs: readonly (readonly [string, string])[]): Swaps {
  return Object.fromEntries(
    pairs.flatMap(([one, other]) => [
      [one, { operator, to: other }],
      [other, { operator, to: one }],
    ]),
  )
}

/** Swaps the operator that stands between two operands. */
function swapBetween({ node, source }: Place, left: AstNode, right: AstNode): Edit[] {
  const sign = textOf(node, 'operator')
  const swap = SWAPS[sign]
  if (swap === undefined) return []
  const gap = { start: spanOf(left).end, end: spanOf(right).start }
  const offset = source.subarray(gap.start, gap.end).indexOf(sign)
  if (offset < 0) throw new Error(`no "${sign}" between the operands at ${node.src}`)
  const start = gap.start + offset
  return [{ start, end: start + sign.length, operator: swap.operator, after: swap.to }]
}

function mutateUnary({ node }: Place): Edit[] {
  const sign = textOf(node, 'operator')
  const { start, end } = spanOf(node)
  const at = node['prefix'] === true ? start : end - sign.length
  const swap = SWAPS[sign]
  if (swap !== undefined) return [{ start: at, end: at + sign.length, operator: swap.operator, after: swap.to }]
  if (sign === '!') return [{ start: at, end: at + 1, operator: 'negation', after: '' }]
  if (sign === '~' || sign === '-') return [{ start: at, end: at + 1, operator: 'bitwise', after: '' }]
  return []
}

function mutateLiteral(place: Place): Edit[] {
  const { node, source } = place
  const { start, end } = spanOf(node)
  switch (node['kind']) {
    case 'number':
      return shiftNumber(place)
    case 'bool':
      return [{ start, end, operator: 'constant', after: textOf(node, 'value') === 'true' ? 'false' : 'true' }]
    case 'string': {
      // What is hashed and signed: a different first letter is a different type or domain.
      const text = source.subarray(start, end).toString()
      return text.length > 2 ? [{ start, end, operator: 'string', after: `${text[0]}!${text.slice(2)}` }] : []
    }
    default:
      return []
  }
}

/** One more and one less. Hex keeps its width, which is part of its type. */
function shiftNumber({ node, source }: Place): Edit[] {
  const { start, end } = spanOf(node)
  const text = source.subarray(start, end).toString()
  const digits = /^(?:0x[0-9a-fA-F_]+|[0-9_]+)(?![.0-9a-zA-Z])/.exec(text)?.[0]
  if (digits === undefined) {
    return ['+', '-'].map((sign) => ({ start, end, operator: 'constant', after: `(${text} ${sign} 1)` }))
  }
  const value = BigInt(digits.replaceAll('_', ''))
  return [value + 1n, value - 1n]
    .filter((shifted) => shifted >= 0n)
    .map((shifted) => ({ start, end: start + digits.length, operator: 'constant', after: formatLike(digits, shifted) }))
}

function formatLike(digits: string, value: bigint): string {
  return digits.startsWith('0x') ? `0x${value.toString(16).padStart(digits.length - 2, '0')}` : String(value)
}

function swapYulFunction(node: AstNode): Edit[] {
  const name = childOf(node, 'functionName')
  const swap = YUL_SWAPS[textOf(name, 'name')]
  return swap === undefined ? [] : [{ ...spanOf(name), operator: swap.operator, after: swap.to }]
}

/** `==`, `!=` and `!` are turned round by their own rules. */
function negateCondition({ node, source }: Place): Edit[] {
  const condition = childOf(node, 'condition')
  if (['==', '!=', '!'].includes(textOf(condition, 'operator'))) return []
  const { start, end } = spanOf(condition)
  return [{ start, end, operator: 'negation', after: `!(${source.subarray(start, end).toString()})` }]
}

/** A guard goes as a whole: `if (…) revert …`. */
function deleteRevertIf(place: Place): Edit[] {
  const { node } = place
  return isNode(node['falseBody']) || !isOnlyRevert(childOf(node, 'trueBody')) ? [] : [deleteStatement(place)]
}

function isOnlyRevert(body: AstNode): boolean {
  if (body.nodeType === 'RevertStatement') return true
  const statements: unknown = body['statements']
  if (body.nodeType !== 'Block' || !Array.isArray(statements) || statements.length !== 1) return false
  const only: unknown = statements[0]
  return isNode(only) && only.nodeType === 'RevertStatement'
}

/** The head of a `for` is no statement of its own; a revert that is all of an `if` goes with its `if`. */
function isDeletable({ node, field, parent }: Place): boolean {
  if (parent.nodeType === 'ForStatement') return field === 'body'
  return !(node.nodeType === 'RevertStatement' && isLoneBranch(parent, field))
}

function isLoneBranch(parent: AstNode, field: string): boolean {
  if (parent.nodeType === 'IfStatement') return field === 'trueBody' && !isNode(parent['falseBody'])
  return false
}

/** Solidity has no empty statement but an empty block; the semicolon is not part of a node. */
function deleteStatement({ node, source }: Place): Edit {
  const { start, end } = spanOf(node)
  const semicolon = /^\s*;/.exec(source.subarray(end, end + 200).toString('latin1'))?.[0] ?? ''
  return { start, end: end + semicolon.length, operator: 'deletion', after: '{}' }
}
