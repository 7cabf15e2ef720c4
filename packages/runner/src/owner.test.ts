import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createOwner, isOwnerAlive } from './owner.ts'

describe('owner', () => {
  it('is alive while this process is, and another for each opening', () => {
    const [one, two] = [createOwner(), createOwner()]
    assert.notEqual(one, two)
    assert.ok(isOwnerAlive(one) && isOwnerAlive(two))
  })

  it('is dead when its process is, or when another has its number now', () => {
    assert.ok(!isOwnerAlive('4194305-1-1'))
    assert.ok(!isOwnerAlive(`${process.pid}-1-1`))
  })

  it('is nobody when the name is not one of ours', () => {
    for (const name of ['', 'x', '1', '1-2', '1-2-3-4', '../1-2-3', `${process.pid}--1`])
      assert.ok(!isOwnerAlive(name), name)
  })
})
