/** Finds connections that died without a word: no answer to several probes in a row. */
import type { Clock } from '@assay/core'
import { durationMs } from '@assay/protocol'
import type { Connection } from '@libp2p/interface'
import { byteStream } from '@libp2p/utils'
import type { Node } from './libp2p-node.ts'
import { limitTime } from './limit-time.ts'
import type { NetworkLimits } from './limits.ts'
import type { NetworkLog } from './network-log.ts'

/** Probes every connection until `closing` aborts. One late answer is forgiven, and any answer forgives all. */
export async function probeConnections(
  deps: { readonly node: Node; readonly clock: Clock; readonly log: NetworkLog; readonly bounds: NetworkLimits },
  closing: AbortSignal,
): Promise<void> {
  const { node, clock, log, bounds } = deps
  const strikes = new Map<string, number>()
  const probe = async (connection: Connection): Promise<void> => {
    using limit = limitTime(bounds.probeMs, closing)
    const answered = await ping(connection, limit.signal)
    if (closing.aborted) return
    const missed = answered ? 0 : (strikes.get(connection.id) ?? 0) + 1
    strikes.set(connection.id, missed)
    if (missed < bounds.probeStrikes) return
    log.info({ peer: connection.remotePeer.toString(), missed }, 'connection.silent')
    connection.abort(new Error(`no answer to ${missed} probes`))
  }
  while (!closing.aborted) {
    await clock.sleep(durationMs(bounds.probeMs), closing).catch(() => undefined)
    if (closing.aborted) return
    const open = node.getConnections()
    for (const id of strikes.keys()) if (!open.some((connection) => connection.id === id)) strikes.delete(id)
    await Promise.all(open.map(probe))
  }
}

/** Whether the other side reacted: an echo, a refusal, a reset are all signs of life. */
async function ping(connection: Connection, signal: AbortSignal): Promise<boolean> {
  let stream
  try {
    stream = await connection.newStream('/ipfs/ping/1.0.0', { signal, runOnLimitedConnection: true })
    const bytes = byteStream(stream)
    await bytes.write(new Uint8Array(32), { signal })
    await bytes.read({ bytes: 32, signal })
    await stream.close({ signal })
    return true
  } catch (error) {
    stream?.abort(error instanceof Error ? error : new Error('probe failed'))
    return !signal.aborted
  }
}
