import type { FrameStream, Network, ProtocolName, StreamHandler } from '@assay/core'
import type { PublicKey } from '@assay/protocol'

/** What stands between a service and its network. */
export interface NetworkHooks {
  /** Takes the place of the handler that a service registers for a protocol. */
  readonly serve?: (protocol: ProtocolName, handler: StreamHandler) => StreamHandler
  /** Takes the place of a stream that a service opens. */
  readonly open?: (call: OpenCall) => Promise<FrameStream>
}
export interface OpenCall {
  readonly peer: PublicKey
  readonly protocol: ProtocolName
  readonly signal: AbortSignal
  /** The stream as the network gives it, anew at each call. */
  readonly inner: () => Promise<FrameStream>
}

/** The same network with the hooks in between. */
export const hookNetwork = (network: Network, hooks: NetworkHooks): Network => ({
  self: network.self,
  addresses: () => network.addresses(),
  connected: () => network.connected(),
  connect: async (multiaddr, signal) => network.connect(multiaddr, signal),
  announce: async (keys, signal) => network.announce(keys, signal),
  find: (key, options, signal) => network.find(key, options, signal),
  handle: async (protocol, handler) => network.handle(protocol, hooks.serve?.(protocol, handler) ?? handler),
  async open(peer, protocol, signal) {
    const inner = async (): Promise<FrameStream> => network.open(peer, protocol, signal)
    return hooks.open === undefined ? inner() : hooks.open({ peer, protocol, signal, inner })
  },
  [Symbol.asyncDispose]: async () => network[Symbol.asyncDispose](),
})

/** A stream whose frames pass through `send` and `receive` on their way; a throw there cuts it. */
export const hookStream = (
  stream: FrameStream,
  hooks: {
    readonly send?: (frame: Uint8Array, signal: AbortSignal) => Promise<Uint8Array>
    readonly receive?: (frame: Uint8Array) => Uint8Array
  },
): FrameStream => ({
  async send(frame, signal) {
    await stream.send((await hooks.send?.(frame, signal)) ?? frame, signal)
  },
  async receive(signal) {
    const frame = await stream.receive(signal)
    return frame === undefined ? undefined : (hooks.receive?.(frame) ?? frame)
  },
  end: async () => stream.end(),
  abort: (reason) => stream.abort(reason),
})
