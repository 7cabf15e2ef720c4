/** The last bytes of a stream as text for people. */

export interface TextTail {
  add(bytes: Uint8Array): void
  /** At most the last `maxBytes` bytes; broken UTF-8 shows as replacement characters. */
  text(): string
}

/** Holds at most twice `maxBytes`. */
export function createTextTail(maxBytes: number): TextTail {
  let held = Buffer.alloc(0)
  return {
    add(bytes) {
      const wanted = bytes.subarray(Math.max(0, bytes.length - maxBytes))
      held = Buffer.concat([held.subarray(Math.max(0, held.length + wanted.length - maxBytes)), wanted])
    },
    text: () => held.toString('utf8'),
  }
}
