import type { StreamHandler } from '@assay/core'
import { decodeFrame, encodeFrame, protocols, WorkReply, type SignedCommit } from '@assay/protocol'
import type { ProviderDeps } from '@assay/provider'
import { hookNetwork, hookStream } from './hook-network.ts'

/** A provider that shows aggregators another commit than the one it made. */
export function replaceCommit(
  ports: ProviderDeps,
  replace: (commit: SignedCommit) => Promise<SignedCommit>,
): ProviderDeps {
  const replaceFrame = async (frame: Uint8Array): Promise<Uint8Array> => {
    const reply = decodeFrame(WorkReply, frame, protocols.work)
    return reply.type === 'committed' ? encodeFrame({ ...reply, commit: await replace(reply.commit) }) : frame
  }
  const disguise =
    (handler: StreamHandler): StreamHandler =>
    async (stream, remote, signal) =>
      handler(hookStream(stream, { send: replaceFrame }), remote, signal)
  const network = hookNetwork(ports.network, {
    serve: (protocol, handler) => (protocol === protocols.work ? disguise(handler) : handler),
  })
  return { ...ports, network }
}
