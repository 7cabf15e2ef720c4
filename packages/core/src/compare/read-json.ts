/** Reads JSON that a stranger wrote: bounded in depth and number of values, without repeated keys. */
import { limits } from './limits.ts'
import { readText } from './read-text.ts'

/** The document; `undefined` when it is no JSON (RFC 8259, UTF-8), repeats a key, or is beyond the bounds. */
export function readJson(bytes: Uint8Array): { readonly document: unknown } | undefined {
  const text = readText(bytes)
  if (text === undefined || !isBounded(text)) return undefined
  const document = parse(text)
  return document === undefined ? undefined : { document }
}

/** No JSON document is `undefined`. */
function parse(text: string): unknown {
  try {
    const document: unknown = JSON.parse(text)
    return document
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/**
 * Runs over the text once before anything is built from it. Of text that is no JSON it may say anything: the parser has
 * the last word.
 */
function isBounded(text: string): boolean {
  /** One entry an open bracket: the keys of an object, nothing for an array. */
  const open: (Set<string> | undefined)[] = []
  let values = 1
  let isKey = false
  for (let i = 0; i < text.length; i++) {
    const char = text[i]
    if (char === '"') {
      const end = endOfString(text, i)
      const keys = open.at(-1)
      if (isKey && keys !== undefined) {
        const key = parse(text.slice(i, end))
        if (typeof key !== 'string' || keys.has(key) || keys.size >= limits.jsonKeys) return false
        keys.add(key)
        isKey = false
      }
      i = end - 1
    } else if (char === '{' || char === '[') {
      open.push(char === '{' ? new Set() : undefined)
      isKey = char === '{'
      values += 1
      if (open.length > limits.jsonDepth) return false
    } else if (char === '}' || char === ']') open.pop()
    else if (char === ',') {
      isKey = open.at(-1) !== undefined
      values += 1
    }
    if (values > limits.jsonValues) return false
  }
  return true
}

/** Just after the closing quote, or the end of the text. */
function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === '\\') i += 1
    else if (text[i] === '"') return i + 1
  }
  return text.length
}
