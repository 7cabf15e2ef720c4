import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { asHash, type BlobRoot } from '@assay/protocol'
import { createBlobIndex } from './blob-index.ts'

const root = (n: number): BlobRoot => asHash<BlobRoot>(`0x${n.toString(16).padStart(64, '0')}`)

type Step = readonly [kind: 'add' | 'remove' | 'touch' | 'pin' | 'release', blob: number, owner: number]

describe('the blob index', () => {
  it('agrees with a plain model: the total, and the oldest that nobody pins', () => {
    const step = fc.tuple(fc.constantFrom<Step[0]>('add', 'remove', 'touch', 'pin', 'release'), fc.nat(5), fc.nat(2))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const index = createBlobIndex()
        let order: number[] = []
        const pins = new Set<string>()
        for (const [kind, blob, owner] of steps) {
          if (kind === 'add') index.add(root(blob), blob + 1)
          if (kind === 'remove') assert.equal(index.remove(root(blob)), order.includes(blob) ? blob + 1 : 0)
          if (kind === 'touch') index.touch(root(blob))
          if (kind === 'pin') index.pin(root(blob), `${owner}`)
          if (kind === 'release') index.release(`${owner}`)
          if (kind === 'pin') pins.add(`${blob}/${owner}`)
          if (kind === 'release') for (const pin of pins) if (pin.endsWith(`/${owner}`)) pins.delete(pin)
          const kept = order.filter((one) => one !== blob)
          if (kind === 'add' || (kind === 'touch' && order.includes(blob))) order = [...kept, blob]
          if (kind === 'remove') order = kept
          const oldest = order.find((one) => ![...pins].some((pin) => pin.startsWith(`${one}/`)))
          assert.equal(index.oldest(), oldest === undefined ? undefined : root(oldest))
          assert.equal(
            index.totalBytes,
            order.reduce((sum, one) => sum + one + 1, 0),
          )
          assert.equal(index.has(root(blob)), order.includes(blob))
        }
      }),
    )
  })
})
