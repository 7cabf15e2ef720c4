import type { CapabilityKey } from '@assay/core'
import { sha256 } from '@assay/protocol'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { create } from 'multiformats/hashes/digest'

/** DHT name of a capability: CIDv1, raw, sha2-256 of its UTF-8 text. Other hashes are stored by nobody and never found. */
export async function deriveCapabilityCid(key: CapabilityKey): Promise<CID> {
  return CID.createV1(raw.code, create(sha2256Code, await sha256(new TextEncoder().encode(key))))
}

/** Whether text is a capability key of tolerable size without spaces or control characters. */
export const isCapabilityKey = (text: string, maxChars: number): text is CapabilityKey =>
  text.length <= maxChars && /^assay\/1\/[!-~]+$/.test(text)

const sha2256Code = 0x12
