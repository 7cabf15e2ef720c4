/**
 * `/assay/keys/1`: a node tells every peer it is connected to which capability keys it announces. The DHT refuses
 * records of a provider without an address; this is how one that only dials out is found, over its own connection.
 *
 * The dialler sends one frame, UTF-8, one key a line, that replaces what it said before; the answer is one empty frame.
 */
import type { CapabilityKey, Clock, FrameStream, Peer, ProtocolName } from '@assay/core'
import { isMarketError, MarketError, durationMs, type Address, type PublicKey } from '@assay/protocol'
import { isCapabilityKey } from './capability-cid.ts'
import { limitTime } from './limit-time.ts'
import type { NetworkLimits } from './limits.ts'
import type { NetworkLog } from './network-log.ts'

export const tellKeysProtocol: ProtocolName = '/assay/keys/1'

export interface TellDeps {
  readonly open: (peer: PublicKey, protocol: ProtocolName, signal: AbortSignal) => Promise<FrameStream>
  readonly isConnected: (peer: Peer) => boolean
  readonly clock: Clock
  readonly log: NetworkLog
  readonly bounds: NetworkLimits
  readonly closing: AbortSignal
}

/** What connected peers announce, and the telling of what we announce. */
export interface KeyTeller {
  /** Connected peers that announce a key, in the order in which they first told. */
  holders(key: CapabilityKey): readonly Peer[]
  /** Tells these peers our keys now; resolves to how many know them. */
  tell(peers: readonly Peer[], keys: () => readonly CapabilityKey[]): Promise<number>
  /** Drops what a peer told. Called when its last connection closes. */
  forget(address: Address): void
  /** Serves the protocol. */
  hear(stream: FrameStream, remote: Peer, signal: AbortSignal): Promise<void>
}

export function createKeyTeller(deps: TellDeps): KeyTeller {
  const { bounds } = deps
  const heard = new Map<Address, { readonly peer: Peer; readonly keys: ReadonlySet<string> }>()
  /** Peers being told, so that an older set never overtakes a newer one. */
  const telling = new Map<Address, Promise<boolean>>()

  const tellOne = async (peer: Peer, keys: () => readonly CapabilityKey[]): Promise<boolean> => {
    const before = telling.get(peer.address)
    const told = (async () => {
      await before
      return retry(deps, peer, async () => exchange(deps, peer, keys()))
    })()
    telling.set(peer.address, told)
    try {
      return await told
    } finally {
      if (telling.get(peer.address) === told) telling.delete(peer.address)
    }
  }

  return {
    holders: (key) => [...heard.values()].filter(({ keys }) => keys.has(key)).map(({ peer }) => peer),
    forget: (address) => heard.delete(address),
    async tell(peers, keys) {
      const waiting = [...peers]
      let told = 0
      const worker = async (): Promise<void> => {
        for (let peer = waiting.shift(); peer !== undefined; peer = waiting.shift())
          if (await tellOne(peer, keys)) told += 1
      }
      await Promise.all(Array.from({ length: bounds.tellsAtOnce }, worker))
      return told
    },
    async hear(stream, remote, signal) {
      const frame = await stream.receive(signal)
      if (frame === undefined) throw new MarketError('message-malformed', 'no keys were sent')
      const keys = parseKeys(frame, bounds)
      if (!deps.isConnected(remote)) return
      if (keys.length === 0) heard.delete(remote.address)
      else heard.set(remote.address, { peer: remote, keys: new Set(keys) })
      await stream.send(new Uint8Array(0), signal)
    },
  }
}

/** Throws `message-malformed`. */
export function parseKeys(frame: Uint8Array, bounds: NetworkLimits): readonly CapabilityKey[] {
  if (frame.length === 0) return []
  if (frame.length > bounds.announcedKeys * (bounds.keyChars + 1)) throw malformed('too long')
  const lines = new TextDecoder().decode(frame).split('\n')
  if (lines.length > bounds.announcedKeys) throw malformed('too many keys')
  const keys = lines.filter((line) => isCapabilityKey(line, bounds.keyChars))
  if (keys.length !== lines.length) throw malformed('not a capability key')
  return keys
}

async function exchange(deps: TellDeps, peer: Peer, keys: readonly CapabilityKey[]): Promise<void> {
  using limit = limitTime(deps.bounds.tellMs, deps.closing)
  const { signal } = limit
  const stream = await deps.open(peer.publicKey, tellKeysProtocol, signal)
  try {
    await stream.send(new TextEncoder().encode(keys.join('\n')), signal)
    await stream.end()
    const answer = await stream.receive(signal)
    if (answer === undefined) throw new MarketError('stream-closed', 'the keys were not acknowledged')
  } catch (error) {
    stream.abort(error instanceof Error ? error : new Error('telling keys failed', { cause: error }))
    throw error
  }
}

/** Whether it worked within the allowed attempts, while the peer stays connected and speaks the protocol. */
async function retry(deps: TellDeps, peer: Peer, action: () => Promise<void>): Promise<boolean> {
  const { bounds, closing, log } = deps
  for (let attempt = 1; attempt <= bounds.tellAttempts && deps.isConnected(peer) && !closing.aborted; attempt++) {
    try {
      await action()
      return true
    } catch (error) {
      const code = isMarketError(error) ? error.code : 'internal'
      log.debug({ peer: peer.address, attempt, code }, 'keys.untold')
      if (code === 'protocol-unsupported') return false
    }
    await deps.clock.sleep(durationMs(bounds.retryFirstMs * 2 ** attempt), closing).catch(() => undefined)
  }
  return false
}

const malformed = (reason: string): MarketError =>
  new MarketError('message-malformed', `keys refused: ${reason}`, { details: { reason } })
