/** Just enough of solc's syntax tree to walk it and to find a node's text. */

export interface AstNode {
  readonly nodeType: string
  /** `start:length:file`, in bytes. */
  readonly src: string
  readonly [field: string]: unknown
}

/** A range of bytes in a source file; `end` is the first byte after it. */
export interface Span {
  readonly start: number
  readonly end: number
}

export function isNode(value: unknown): value is AstNode {
  return (
    typeof value === 'object' &&
    value !== null &&
    'nodeType' in value &&
    'src' in value &&
    typeof value.src === 'string'
  )
}

/** The node in a field. Throws if there is none: the tree is not what this tool was written for. */
export function childOf(node: AstNode, field: string): AstNode {
  const child = node[field]
  if (!isNode(child)) throw new Error(`${node.nodeType} at ${node.src} has no node "${field}"`)
  return child
}

/** A text field, or '' where a node has none. */
export function textOf(node: AstNode, field: string): string {
  const value = node[field]
  return typeof value === 'string' ? value : ''
}

export function spanOf(node: AstNode): Span {
  const [start = Number.NaN, length = Number.NaN] = node.src.split(':').map(Number)
  if (!Number.isInteger(start) || !Number.isInteger(length)) throw new Error(`no place: ${node.src}`)
  return { start, end: start + length }
}

/** All direct child nodes with the field that holds them, in the order of the tree. */
export function childrenOf(node: AstNode): { field: string; child: AstNode }[] {
  return Object.entries(node).flatMap(([field, value]) => {
    const values: readonly unknown[] = Array.isArray(value) ? value : [value]
    return values.filter(isNode).map((child) => ({ field, child }))
  })
}
