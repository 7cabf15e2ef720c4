/** One secp256k1 key is the operator's EVM address and its libp2p peer id; each is arithmetic on the public key. */
import type { Peer } from '@assay/core'
import { bytesToHex, deriveAddress, hexToBytes, publicKeySchema } from '@assay/protocol'
import type { PrivateKey, PublicKey } from '@assay/protocol'
import { privateKeyFromRaw, publicKeyFromRaw } from '@libp2p/crypto/keys'
import type { PeerId, PrivateKey as Libp2pPrivateKey } from '@libp2p/interface'
import { peerIdFromPublicKey } from '@libp2p/peer-id'

/** The operator key as libp2p takes it. */
export const toLibp2pKey = (privateKey: PrivateKey): Libp2pPrivateKey => privateKeyFromRaw(hexToBytes(privateKey))

/** The peer id that contains a public key. Throws when it is not a point of the curve. */
export const derivePeerId = (publicKey: PublicKey): PeerId =>
  peerIdFromPublicKey(publicKeyFromRaw(hexToBytes(publicKey)))

/** The operator behind a peer id, or `undefined` when its key is not secp256k1, which no operator's is. */
export function derivePeer(peerId: PeerId): Peer | undefined {
  if (peerId.type !== 'secp256k1') return undefined
  const publicKey = publicKeySchema.parse(bytesToHex(peerId.publicKey.raw))
  return { publicKey, address: deriveAddress(publicKey) }
}

/** `derivePeer` that remembers; a name of the least recently added is derived again. */
export function createPeerBook(capacity: number): (peerId: PeerId) => Peer | undefined {
  const known = new Map<string, Peer>()
  return (peerId) => {
    const name = peerId.toString()
    const seen = known.get(name)
    if (seen !== undefined) return seen
    const peer = derivePeer(peerId)
    if (peer === undefined) return undefined
    if (known.size >= capacity)
      for (const oldest of known.keys()) {
        known.delete(oldest)
        break
      }
    known.set(name, peer)
    return peer
  }
}
