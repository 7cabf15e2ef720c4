import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isMarketError } from '@assay/protocol'
import { engineRefusal, toEngineError } from './engine-error.ts'

const systemError = (code: string): Error => Object.assign(new Error(`connect ${code}`), { code })

describe('engine errors', () => {
  const rows = [
    ['ENOENT', 'docker-unavailable', 'not-installed'],
    ['ECONNREFUSED', 'docker-unavailable', 'daemon-down'],
    ['EACCES', 'docker-permission', 'permission'],
    ['EPERM', 'docker-permission', 'permission'],
    ['ECONNRESET', 'docker-unavailable', 'ECONNRESET'],
  ] as const
  for (const [code, expected, reason] of rows) {
    it(`${code} is ${expected} with the command that helps`, () => {
      const cause = systemError(code)
      const error = toEngineError(cause, 'info')
      assert.ok(isMarketError(error))
      assert.deepEqual(
        [error.code, error.details['reason'], error.blame, error.cause],
        [expected, reason, 'provider', cause],
      )
      assert.match(String(error.details['command']), /^sudo /)
    })
  }

  it('leaves a refusal and a market error as they are', () => {
    const refusal = Object.assign(new Error('(HTTP code 404) no such container '), { statusCode: 404 })
    assert.equal(toEngineError(refusal, 'kill'), refusal)
    assert.deepEqual(engineRefusal(refusal), { status: 404, message: '(HTTP code 404) no such container' })
    const known = toEngineError(systemError('ENOENT'), 'info')
    assert.equal(toEngineError(known, 'other'), known)
  })

  it('finds no refusal where the engine did not answer', () => {
    for (const error of [systemError('ENOENT'), new Error('x'), 'text', undefined])
      assert.equal(engineRefusal(error), undefined)
  })
})
