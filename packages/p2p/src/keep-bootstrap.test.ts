import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isMarketError } from '@assay/protocol'
import { parseBootstrap } from './keep-bootstrap.ts'

const peer = '16Uiu2HAm3cuhhRL2msUuLF62KRSfneFDx94RsuouyW25Ho42cFMq'

describe('bootstrap addresses', () => {
  it('are grouped by peer', () => {
    const [only, ...others] = parseBootstrap([`/ip4/127.0.0.1/tcp/1/p2p/${peer}`, `/dns4/node.test/tcp/2/p2p/${peer}`])
    assert.equal(only?.id.toString(), peer)
    assert.equal(only.addresses.length, 2)
    assert.deepEqual(others, [])
  })

  it('must be multiaddrs that name a peer', () => {
    for (const text of ['', 'localhost:4001', '/ip4/127.0.0.1/tcp/1', '/ip4/127.0.0.1/tcp/1/p2p/nobody'])
      assert.throws(
        () => parseBootstrap([text]),
        (error) => isMarketError(error) && error.code === 'config-invalid',
        text,
      )
  })
})
