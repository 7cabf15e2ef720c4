/**
 * Reads exactly the tar that busybox writes (POSIX.1-1988 headers, GNU long names) and nothing else. Strict on purpose:
 * a general reader accepts links, devices, PAX overrides, lossy names and megabyte headers, and this stream is hostile.
 */
import type { ByteReader } from './byte-reader.ts'

export type TarEntry =
  | {
      readonly kind: 'file'
      readonly name: string
      readonly executable: boolean
      readonly size: number
      /** The file's bytes. Must be read to the end before the next entry. Short only when the stream ended. */
      readonly body: AsyncIterable<Buffer>
    }
  | { readonly kind: 'directory'; readonly name: string }
  /** The stream is refused here. Always the last value. */
  | { readonly kind: 'fault'; readonly detail: string }

/** `nameBytes` bounds a name. Ends after the archive's end mark; what follows is not read. */
export async function* readTar(reader: ByteReader, nameBytes: number): AsyncGenerator<TarEntry, void, undefined> {
  let longName: Buffer | undefined
  for (;;) {
    const block = await reader.exactly(blockBytes)
    if (block === undefined) return yield fault('the archive ends too early')
    if (isZero(block)) return longName === undefined ? undefined : yield fault('a long name without an entry')
    const head = parseHead(block)
    if ('detail' in head) return yield head
    if (head.type === 'L') {
      if (longName !== undefined || head.size < 2 || head.size > nameBytes + 1) return yield fault('a name is too long')
      const bytes = await reader.exactly(padded(head.size))
      if (bytes === undefined) return yield fault('the archive ends too early')
      longName = bytes.subarray(0, head.size - 1)
      continue
    }
    const name = decodeName(longName ?? head.name)
    longName = undefined
    if (name === undefined) return yield fault('a name is not UTF-8')
    if (head.type === '5') {
      if (head.size !== 0) return yield fault(`directory with bytes: ${printable(name)}`)
      yield { kind: 'directory', name }
    } else if (head.type === '0') {
      yield { kind: 'file', name, executable: (head.mode & 0o100) !== 0, size: head.size, body: reader.take(head.size) }
      if ((await reader.exactly(padded(head.size) - head.size)) === undefined) {
        return yield fault('the archive ends too early')
      }
    } else {
      return yield fault(`${typeNames[head.type] ?? 'an unknown kind of entry'}: ${printable(name)}`)
    }
  }
}

/** A name for people: bounded, without control characters. */
export const printable = (text: string): string => JSON.stringify(text.slice(0, 120))

interface Head {
  readonly name: Buffer
  readonly mode: number
  readonly size: number
  readonly type: string
}

function parseHead(block: Buffer): Head | ReturnType<typeof fault> {
  // "ustar\0" or "ustar ": both in use.
  if (block.toString('latin1', 257, 262) !== 'ustar') return fault('not a tar header')
  if (octal(block, 148, 8) !== checksum(block)) return fault('a header with a wrong checksum')
  const size = octal(block, 124, 12)
  const mode = octal(block, 100, 8)
  if (size === undefined || mode === undefined) return fault('a header with a malformed number')
  // Only the POSIX form has a prefix, and busybox never fills it.
  if (block[345] !== 0) return fault('a header with a name prefix')
  return { name: untilZero(block.subarray(0, 100)), mode, size, type: String.fromCharCode(block[156] ?? 0) }
}

/** Digits, then spaces or NULs, as busybox writes numbers. */
function octal(block: Buffer, at: number, length: number): number | undefined {
  const found = /^([0-7]+)[ \0]*$/.exec(block.toString('latin1', at, at + length))
  return found?.[1] === undefined ? undefined : Number.parseInt(found[1], 8)
}

/** Sum of all bytes with the checksum field read as spaces. */
function checksum(block: Buffer): number {
  let sum = 8 * 32
  for (let i = 0; i < blockBytes; i++) if (i < 148 || i >= 156) sum += block[i] ?? 0
  return sum
}

function decodeName(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

const fault = (detail: string): { readonly kind: 'fault'; readonly detail: string } => ({ kind: 'fault', detail })
const isZero = (block: Buffer): boolean => block.every((byte) => byte === 0)
const padded = (size: number): number => Math.ceil(size / blockBytes) * blockBytes
const untilZero = (bytes: Buffer): Buffer => {
  const at = bytes.indexOf(0)
  return at < 0 ? bytes : bytes.subarray(0, at)
}
const blockBytes = 512
const typeNames: Readonly<Record<string, string>> = {
  '1': 'a hard link',
  '2': 'a symbolic link',
  '3': 'a character device',
  '4': 'a block device',
  '6': 'a named pipe',
}
