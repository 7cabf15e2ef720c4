import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { asHash, deriveAddress, derivePublicKey, type PrivateKey } from '@assay/protocol'
import { createPeerBook, derivePeer, derivePeerId, toLibp2pKey } from './identity.ts'

const privateKey = asHash<PrivateKey>(`0x${'1'.padStart(64, '0')}`)
const publicKey = derivePublicKey(privateKey)

describe('operator identity', () => {
  it('is one key under three names', () => {
    const peerId = peerIdFromPrivateKey(toLibp2pKey(privateKey))
    assert.equal(peerId.toString(), '16Uiu2HAm3cuhhRL2msUuLF62KRSfneFDx94RsuouyW25Ho42cFMq')
    assert.deepEqual(derivePeerId(publicKey).toString(), peerId.toString())
    assert.deepEqual(derivePeer(peerId), { publicKey, address: '0x7e5f4552091a69125d5dfcb7b8c2659029395bdf' })
    assert.equal(deriveAddress(publicKey), '0x7e5f4552091a69125d5dfcb7b8c2659029395bdf')
  })

  it('is nobody for a key of another type', async () => {
    assert.equal(derivePeer(peerIdFromPrivateKey(await generateKeyPair('Ed25519'))), undefined)
  })

  it('survives being forgotten by a full book', () => {
    const book = createPeerBook(2)
    const ids = [1, 2, 3].map((n) =>
      derivePeerId(derivePublicKey(asHash<PrivateKey>(`0x${String(n).padStart(64, '0')}`))),
    )
    for (const id of [...ids, ...ids]) assert.deepEqual(book(id), derivePeer(id))
  })
})
