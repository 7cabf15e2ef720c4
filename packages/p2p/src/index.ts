/** libp2p node: capability keys in a DHT, framed streams between operators. */
export { derivePeer, derivePeerId } from './identity.ts'
export { type SecureChannel } from './libp2p-node.ts'
export { networkLimits, type NetworkLimits } from './limits.ts'
export { type NetworkLog } from './network-log.ts'
export { type NetworkDeps, type NetworkOptions, openNetwork } from './open-network.ts'
