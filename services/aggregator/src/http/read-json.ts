import { MarketError } from '@assay/protocol'

/** Reads a bounded JSON body. Throws `message-too-large`, `message-malformed`. */
export async function readJson(request: Request, maxBytes: number): Promise<unknown> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of request.body ?? []) {
    size += part.length
    if (size > maxBytes) throw new MarketError('message-too-large', 'the body is too large', { details: { maxBytes } })
    parts.push(part)
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8'))
  } catch (cause) {
    throw new MarketError('message-malformed', 'the body is not JSON', { cause })
  }
}
