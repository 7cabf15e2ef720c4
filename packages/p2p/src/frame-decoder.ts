/**
 * Frames on a byte stream: an unsigned LEB128 length, then that many bytes. The same bytes as libp2p's
 * length-prefixed streams.
 */
import { MarketError } from '@assay/protocol'
import { allocateUnfilled, createByteQueue } from './byte-queue.ts'

/** Cuts arriving bytes into frames. Holds what has arrived and nothing more: a length alone reserves no memory. */
export interface FrameDecoder {
  /** Bytes held, headers already read excluded. */
  readonly bufferedBytes: number
  /** Whether a whole frame waits. */
  readonly ready: boolean
  /** Whether bytes have arrived that no frame taken so far held. */
  readonly partial: boolean
  /** Why no further frame can be read, once every frame before the bad header was taken. */
  readonly fault: MarketError | undefined
  push(bytes: Uint8Array): void
  /** The next whole frame, a copy of its own. */
  next(): Uint8Array | undefined
}

export function createFrameDecoder(maxBytes: number): FrameDecoder {
  const queue = createByteQueue()
  const maxHeaderBytes = headerBytes(maxBytes)
  let header = { value: 0, bytes: 0 }
  let length: number | undefined
  let fault: MarketError | undefined

  const readHeader = (): void => {
    while (length === undefined && fault === undefined && queue.length > 0) {
      const byte = queue.takeByte()
      header = { value: header.value + (byte & 0x7f) * 2 ** (7 * header.bytes), bytes: header.bytes + 1 }
      const last = byte < 0x80
      if (header.value > maxBytes || (!last && header.bytes === maxHeaderBytes))
        fault = tooLarge(header.value, maxBytes)
      else if (last) length = header.value
    }
  }
  return {
    get bufferedBytes() {
      return queue.length
    },
    get ready() {
      readHeader()
      return length !== undefined && queue.length >= length
    },
    get partial() {
      return header.bytes > 0 || queue.length > 0
    },
    get fault() {
      readHeader()
      return fault
    },
    push(bytes) {
      if (fault === undefined) queue.push(bytes)
    },
    next() {
      readHeader()
      if (length === undefined || queue.length < length) return undefined
      const frame = queue.take(length)
      length = undefined
      header = { value: 0, bytes: 0 }
      return frame
    },
  }
}

/** The frame with its length in front, in memory of its own. Throws `message-too-large`. */
export function encodeLengthPrefixed(frame: Uint8Array, maxBytes: number): Uint8Array {
  if (frame.length > maxBytes) throw tooLarge(frame.length, maxBytes)
  const size = headerBytes(frame.length)
  const out = allocateUnfilled(size + frame.length)
  let rest = frame.length
  for (let i = 0; i < size; i++) {
    out[i] = (rest % 128) + (i < size - 1 ? 128 : 0)
    rest = Math.floor(rest / 128)
  }
  out.set(frame, size)
  return out
}

const headerBytes = (length: number): number => {
  let bytes = 1
  for (let rest = length; rest >= 128; rest = Math.floor(rest / 128)) bytes += 1
  return bytes
}

const tooLarge = (frameBytes: number, limitBytes: number): MarketError =>
  new MarketError('message-too-large', 'the frame is larger than a stream may carry', {
    details: { frameBytes, limitBytes },
  })
