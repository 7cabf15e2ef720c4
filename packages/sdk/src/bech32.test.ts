import assert from 'node:assert/strict'
import test from 'node:test'
import { encodeBech32 } from './bech32.ts'

test('encodes the valid strings of BIP 173', () => {
  assert.equal(encodeBech32('a', new Uint8Array()), 'a12uel5l')
  const words = '00443214c74254b635cf84653a56d7c675be77df'
  assert.equal(encodeBech32('abcdef', Buffer.from(words, 'hex')), 'abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw')
})

test('encodes an age identity, which is longer than BIP 173 allows', () => {
  const identity = encodeBech32('age-secret-key-', new Uint8Array(32).fill(0x42)).toUpperCase()
  assert.equal(identity, 'AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX')
})
