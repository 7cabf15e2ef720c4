import assert from 'node:assert/strict'
import { describe, it, mock } from 'node:test'
import {
  errorCodes,
  isMarketError,
  MarketError,
  encodeError,
  type ErrorCode,
  derivePublicKey,
  asHash,
  type PrivateKey,
} from '@assay/protocol'
import { namePeer, peerError, watchSilence } from './transfer.ts'

const peer = derivePublicKey(asHash<PrivateKey>(`0x${'1'.padStart(64, '0')}`))

describe('a watched transfer', () => {
  it('is given up when the peer falls silent, and not before', () => {
    mock.timers.enable({ apis: ['setTimeout'] })
    try {
      using watch = watchSilence(never, 1000)
      mock.timers.tick(999)
      assert.equal(watch.signal.aborted, false)
      mock.timers.tick(1)
      assert.ok(isMarketError(watch.signal.reason) && watch.signal.reason.code === 'stream-closed')
    } finally {
      mock.timers.reset()
    }
  })

  it('follows the caller', () => {
    const abort = new AbortController()
    using watch = watchSilence(abort.signal)
    const reason = new Error('no longer needed')
    abort.abort(reason)
    assert.equal(watch.signal.reason, reason)
  })
})

describe('what a peer says', () => {
  it('counts when a transfer can fail of it, and names the peer', () => {
    const codes: readonly ErrorCode[] = [
      'blob-unknown',
      'unauthorized',
      'storage-full',
      'rate-limited',
      'blob-mismatch',
      'blob-too-large',
    ]
    for (const code of errorCodes) {
      const error = peerError(encodeError(new MarketError(code, 'as told')), peer)
      assert.equal(error.code, codes.includes(code) ? code : 'stream-closed')
      assert.equal(error.details['peer'], peer)
    }
  })

  it('is named with wrong bytes only', () => {
    const error = namePeer(
      new MarketError('blob-mismatch', 'wrong', { details: { chunk: 3 }, blame: 'aggregator' }),
      peer,
    )
    assert.ok(isMarketError(error))
    assert.deepEqual(error.details, { chunk: 3, peer })
    assert.equal(error.blame, 'aggregator')
    const other = new MarketError('stream-closed', 'cut')
    assert.equal(namePeer(other, peer), other)
  })
})

const never = new AbortController().signal
