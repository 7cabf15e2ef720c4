import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { asAddress, byteCount, milliCpus, usdc } from '@assay/protocol'
import fc from 'fast-check'
import {
  breakerFailures,
  chooseProvider,
  countPassedOver,
  isEligible,
  type Candidate,
  type Need,
} from './choose-provider.ts'

const address = (n: number) => asAddress(`0x${n.toString(16).padStart(40, '0')}`)
const able: Candidate = {
  provider: address(1),
  stakeUsdc: usdc(50n),
  minPriceUsdc: usdc(1n),
  classes: ['D1', 'D2'],
  hardwareClasses: ['cpu/own'],
  cpus: milliCpus(4000),
  memoryBytes: byteCount(1000),
  slots: 2,
  busy: 0,
  unsettledUsdc: usdc(0n),
  failures: 0,
}
const need: Need = {
  priceUsdc: usdc(5n),
  determinism: 'D1',
  cpus: milliCpus(1000),
  memoryBytes: byteCount(500),
  tried: new Set([address(9)]),
}
const unable: Readonly<Record<keyof ReturnType<typeof countPassedOver>, Partial<Candidate>>> = {
  tried: { provider: address(9) },
  failing: { failures: breakerFailures },
  price: { minPriceUsdc: usdc(6n) },
  class: { classes: ['DX'] },
  cpus: { cpus: milliCpus(999) },
  memory: { memoryBytes: byteCount(499) },
  stake: { unsettledUsdc: usdc(21n) },
  busy: { busy: 2 },
}

describe('matching', () => {
  it('counts every candidate at the filter that stopped it', () => {
    const none = Object.fromEntries(Object.keys(unable).map((name) => [name, 0]))
    assert.deepEqual(countPassedOver([able], need), none)
    for (const [name, flaw] of Object.entries(unable)) {
      const flawed = { ...able, ...flaw }
      assert.deepEqual(countPassedOver([able, flawed], need), { ...none, [name]: 1 })
      assert.equal(chooseProvider([flawed], need), undefined, name)
      assert.equal(isEligible(flawed, need), name === 'busy', name)
    }
  })

  it('wants ten prices at stake, free or not', () => {
    const poor = { ...able, stakeUsdc: usdc(49n) }
    assert.equal(countPassedOver([poor], need).stake, 1)
    assert.equal(countPassedOver([poor], { ...need, priceUsdc: usdc(4n) }).stake, 0)
  })

  it('chooses somebody exactly when not all are passed over', () => {
    const flaw = fc.constantFrom<Partial<Candidate>>({}, ...Object.values(unable))
    fc.assert(
      fc.property(fc.array(fc.array(flaw, { maxLength: 3 }), { maxLength: 8 }), (lists) => {
        const candidates = lists.map((flaws, i) =>
          flaws.reduce<Candidate>((one, own) => ({ ...one, ...own }), { ...able, provider: address(i + 20) }),
        )
        const passed = Object.values(countPassedOver(candidates, need)).reduce((sum, n) => sum + n, 0)
        const chosen = chooseProvider(candidates, need)
        assert.equal(chosen === undefined, passed === candidates.length)
        if (chosen !== undefined) assert.ok(isEligible(chosen, need))
      }),
    )
  })
})

const own = 'cpu/x86_64/v3/GenuineIntel-6-85/avx2,fma'
const alike: Candidate = { ...able, hardwareClasses: [own] }
const bound: Need = { ...need, determinism: 'D2', hardwareClass: own }

describe('matching a hardware class', () => {
  it('takes a provider of the very same key and no other', () => {
    assert.ok(isEligible(alike, bound))
    assert.ok(isEligible({ ...alike, hardwareClasses: ['cpu/other', own] }, bound))
    for (const hardwareClasses of [[], ['cpu/other'], [own.slice(0, -1)], [`${own},sve`]])
      assert.ok(!isEligible({ ...alike, hardwareClasses }, bound))
    assert.ok(!isEligible({ ...alike, classes: ['D1'] }, bound))
  })

  it('does not ask for one with any other class', () => {
    const { hardwareClass: _, ...plain } = bound
    assert.ok(isEligible({ ...alike, hardwareClasses: [] }, { ...plain, determinism: 'D1' }))
  })

  it('passes over idle machines of another class', () => {
    const idle = { ...alike, provider: asAddress(`0x${'22'.repeat(20)}`), hardwareClasses: ['cpu/other'] }
    const busier = { ...alike, slots: 3, busy: 1 }
    assert.equal(chooseProvider([idle, busier], bound), busier)
    assert.equal(chooseProvider([idle], bound), undefined)
  })

  it('counts a machine of another hardware class with those of another class', () => {
    assert.equal(countPassedOver([{ ...alike, hardwareClasses: ['cpu/other'] }], bound).class, 1)
  })
})
