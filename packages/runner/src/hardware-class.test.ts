import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { deriveHardwareClass } from './hardware-class.ts'

const v2 = 'fpu sse2 cx16 lahf_lm popcnt sse4_1 sse4_2 ssse3'
const v3 = `${v2} abm avx avx2 bmi1 bmi2 f16c fma movbe`
const v4 = `${v3} avx512bw avx512cd avx512dq avx512f avx512vl avx512_vnni`
const intel = (flags: string, processor = 0, model = 85): string =>
  `processor\t: ${processor}\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: ${model}\nmodel name\t: Xeon\nstepping\t: ${processor}\nflags\t\t: ${flags}\n`
const derive = (...cores: readonly string[]): string | undefined => deriveHardwareClass(cores.join('\n'), 'x86_64')

describe('the hardware class of a machine', () => {
  it('names architecture, level, vendor, family, model and the flags that libraries look at', () => {
    const head = 'cpu/x86_64'
    assert.equal(
      derive(intel(v4)),
      `${head}/v4/GenuineIntel-6-85/avx,avx2,avx512bw,avx512cd,avx512dq,avx512f,avx512vl,f16c,fma,sse4_1,sse4_2`,
    )
    assert.equal(derive(intel(v3)), `${head}/v3/GenuineIntel-6-85/avx,avx2,f16c,fma,sse4_1,sse4_2`)
    assert.equal(derive(intel(v2)), `${head}/v2/GenuineIntel-6-85/sse4_1,sse4_2`)
    assert.equal(derive(intel(`${v2} avx512f`)), `${head}/v2/GenuineIntel-6-85/avx512f,sse4_1,sse4_2`)
    assert.equal(derive(intel('fpu sse2')), `${head}/v1/GenuineIntel-6-85/none`)
  })

  it('is the same for cores that differ in nothing that matters, and none for cores that do', () => {
    assert.equal(derive(intel(v3, 0), intel(`ht ${v3}`, 1)), derive(intel(v3)))
    assert.equal(derive(intel(v3, 0), intel(v2, 1)), undefined)
    assert.equal(derive(intel(v3, 0, 151), intel(v3, 1, 154)), undefined)
  })

  it('reads other architectures by implementer and part', () => {
    const core = (part: string): string =>
      `processor\t: 0\nBogoMIPS\t: 50.00\nFeatures\t: fp asimd aes asimdhp sve\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x3\nCPU part\t: ${part}\n`
    const machine = `${core('0xd0c')}\nHardware\t: any\n`
    assert.equal(deriveHardwareClass(machine, 'aarch64'), 'cpu/aarch64/base/65-8-3340/asimd,asimdhp,sve')
    assert.equal(deriveHardwareClass(`${core('0xd0c')}\n${core('0xd05')}`, 'aarch64'), undefined)
  })

  it('is none where nothing is shown, or something that cannot stand in a key', () => {
    for (const text of ['', 'nonsense', 'processor : 0\n', intel(v3).replace('GenuineIntel', 'two words')])
      assert.equal(deriveHardwareClass(text, 'x86_64'), undefined)
  })
})
