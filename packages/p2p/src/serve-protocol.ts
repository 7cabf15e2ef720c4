/** Inbound streams: who may have how many, for how long, and what becomes of them when a handler fails. */
import type { FrameStream, Peer, ProtocolName, StreamHandler } from '@assay/core'
import { isMarketError, MarketError } from '@assay/protocol'
import type { Connection, PeerId, Stream } from '@libp2p/interface'
import { createFrameStream, type OwnedFrameStream } from './frame-stream.ts'
import { limitTime } from './limit-time.ts'
import type { NetworkLimits } from './limits.ts'
import type { NetworkLog } from './network-log.ts'
import { raceAbort } from './race-abort.ts'

export interface ServeDeps {
  readonly peerOf: (peerId: PeerId) => Peer | undefined
  readonly log: NetworkLog
  readonly bounds: NetworkLimits
  /** Aborts when the node closes. */
  readonly closing: AbortSignal
}

/** Turns handlers of the port into handlers of libp2p that share one set of limits. */
export interface Inbound {
  accept(protocol: ProtocolName, handler: StreamHandler): (stream: Stream, connection: Connection) => void
  /** Resolves when no stream is being served. */
  idle(): Promise<void>
}

export function createInbound(deps: ServeDeps): Inbound {
  const { bounds, log } = deps
  const perPeer = new Map<string, number>()
  const running = new Set<Promise<void>>()

  const serve = async (stream: OwnedFrameStream, remote: Peer, protocol: ProtocolName, handler: StreamHandler) => {
    using work = limitTime(bounds.handlerMs, deps.closing)
    try {
      const firstFrame = requireFirstFrame(stream, bounds)
      await raceAbort(handler(firstFrame, remote, work.signal), work.signal)
      await stream.end()
      using linger = limitTime(bounds.lingerMs, deps.closing)
      await raceAbort(stream.drain(), linger.signal)
    } catch (error) {
      stream.abort(error instanceof Error ? error : new Error('handler failed', { cause: error }))
      if (deps.closing.aborted) return
      const fields = { protocol, peer: remote.address, code: isMarketError(error) ? error.code : 'internal' }
      // A peer that breaks its stream is daily business; anything else is ours to look at.
      log[fields.code === 'internal' ? 'warn' : 'info'](fields, 'stream.failed')
      log.debug({ ...fields, error }, 'stream.failed')
    }
  }

  return {
    accept: (protocol, handler) => (raw, connection) => {
      const stream = createFrameStream(raw, bounds)
      const remote = deps.peerOf(connection.remotePeer)
      const held = remote === undefined ? 0 : (perPeer.get(remote.address) ?? 0)
      if (remote === undefined || held >= bounds.inboundStreamsPerPeer || running.size >= bounds.inboundStreams) {
        stream.abort(new MarketError('rate-limited', 'too many streams at once'))
        log.info({ protocol, peer: remote?.address, held, total: running.size }, 'stream.refused')
        return
      }
      perPeer.set(remote.address, held + 1)
      const served = serve(stream, remote, protocol, handler).finally(() => {
        running.delete(served)
        const left = (perPeer.get(remote.address) ?? 1) - 1
        if (left > 0) perPeer.set(remote.address, left)
        else perPeer.delete(remote.address)
      })
      running.add(served)
    },
    async idle() {
      await Promise.all(running)
    },
  }
}

/** The dialler speaks first: gives up on one that stays silent. */
function requireFirstFrame(stream: OwnedFrameStream, bounds: NetworkLimits): FrameStream {
  let heard = false
  const silence = setTimeout(() => {
    if (!heard) stream.abort(new MarketError('stream-closed', 'the dialler did not speak in time'))
  }, bounds.firstFrameMs)
  silence.unref()
  stream.closed.finally(() => clearTimeout(silence)).catch(() => undefined)
  return {
    ...stream,
    async receive(signal) {
      const frame = await stream.receive(signal)
      heard = true
      clearTimeout(silence)
      return frame
    },
  }
}
