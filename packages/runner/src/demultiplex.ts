/** The engine's attach stream: frames of 8 header bytes (stream, 0, 0, 0, uint32be length) and a payload. */

export interface OutputChunk {
  readonly stream: 'stdout' | 'stderr'
  readonly bytes: Buffer
}

/**
 * Splits the frames as bytes arrive: a frame of any length is passed on in pieces, never held.
 * Throws when the stream is not framed or ends inside a frame.
 */
export async function* demultiplex(source: AsyncIterable<unknown>): AsyncGenerator<OutputChunk> {
  let head = Buffer.alloc(0)
  let stream: OutputChunk['stream'] = 'stdout'
  let left = 0
  for await (const chunk of source) {
    if (!Buffer.isBuffer(chunk)) throw new Error('the attach stream gave something that is not bytes')
    let bytes = chunk
    while (bytes.length > 0) {
      if (left === 0) {
        const wanted = frameHeadBytes - head.length
        head = Buffer.concat([head, bytes.subarray(0, wanted)])
        bytes = bytes.subarray(wanted)
        if (head.length < frameHeadBytes) continue
        stream = streamOf(head)
        left = head.readUInt32BE(4)
        head = Buffer.alloc(0)
        continue
      }
      const piece = bytes.subarray(0, left)
      bytes = bytes.subarray(left)
      left -= piece.length
      yield { stream, bytes: piece }
    }
  }
  if (left > 0 || head.length > 0) throw new Error('the attach stream ended inside a frame')
}

function streamOf(head: Buffer): OutputChunk['stream'] {
  if (head[0] === 1) return 'stdout'
  if (head[0] === 2) return 'stderr'
  throw new Error('the attach stream is not framed')
}

const frameHeadBytes = 8
