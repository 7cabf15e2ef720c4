/** Text of UTF-8 bytes, a byte order mark kept; `undefined` when they are no UTF-8. */
export function readText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (error) {
    // What `fatal` throws; anything else would be our bug.
    if (error instanceof TypeError) return undefined
    throw error
  }
}
