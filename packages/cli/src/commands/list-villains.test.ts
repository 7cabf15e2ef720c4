import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { villains } from '@assay/villains'
import { runLine } from '../../test/run-line.ts'
import { exitCodes } from '../exit-codes.ts'

describe('the villains of a devnet', () => {
  it('are listed with attack, defence and fate', async () => {
    const { exit, out } = await runLine(['devnet', '--list-villains'])
    assert.equal(exit, exitCodes.ok)
    for (const [name, { attack, defence }] of Object.entries(villains))
      for (const text of [name, attack, defence]) assert.ok(out.includes(text), text)
  })

  it('are listed as one JSON object', async () => {
    const { out } = await runLine(['devnet', '--list-villains', '--json'])
    const listed = (JSON.parse(out) as { villains: { name: string; inDevnet: boolean }[] }).villains
    assert.deepEqual(
      listed.map(({ name }) => name),
      Object.keys(villains),
    )
    assert.deepEqual(
      listed.flatMap(({ name, inDevnet }) => (inDevnet ? [] : [name])),
      ['fake-hardware-class', 'briber'],
    )
  })

  for (const name of ['nobody', 'briber', 'constructor'])
    it(`are refused by any other name: ${name}`, async () => {
      const { exit, out } = await runLine(['devnet', '--villains', `junk,${name}`, '--json'])
      assert.equal(exit, exitCodes.refused)
      const { error } = JSON.parse(out) as { error: { code: string; details: Record<string, string> } }
      assert.equal(error.code, 'config-invalid')
      assert.equal(error.details['villain'], name)
      assert.match(error.details['known'] ?? '', /junk,lazy,intermittent/)
    })
})
