import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createStub, parseReport } from './stub-script.ts'

const environment = new Map([
  ['A', '1'],
  ['PATH', '/bin'],
])

describe('stub', () => {
  it('hands every word over as a parameter, never as script text', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1, maxLength: 5 }), (command) => {
        const { words } = createStub({ command, environment })
        assert.deepEqual(words.slice(-command.length), command)
        assert.equal(words[3], createStub({ command: command.map(() => 'x'), environment }).words[3])
      }),
    )
  })

  it('numbers the parameters as they stand', () => {
    const { words } = createStub({ command: ['prog', 'one', 'two'], environment })
    const [stub, shell, option, script = '', name, ...parameters] = words
    assert.deepEqual([stub, shell, option, name], ['/.assay/busybox', 'sh', '-c', 'assay'])
    assert.deepEqual(parameters.slice(2), ['/bin', 'A=1', 'PATH=/bin', 'prog', 'one', 'two'])
    assert.ok(script.includes('env -i -- "${4}" "${5}" $b linux64 -R -- "$program" "${7}" "${8}" )'))
    assert.ok(script.includes('program="${6}" '))
  })

  it('has a marker that depends on the command alone and is never shown whole', () => {
    const one = createStub({ command: ['a'], environment })
    assert.deepEqual(one.marker, createStub({ command: ['a'], environment: new Map(environment) }).marker)
    assert.notDeepEqual(one.marker, createStub({ command: ['b'], environment }).marker)
    assert.notDeepEqual(one.marker, createStub({ command: ['a'], environment: new Map() }).marker)
    assert.ok(!one.words.join(' ').includes(one.marker.toString()))
    assert.ok(!one.words.join('\0').includes(one.marker.toString()))
  })
})

describe('report', () => {
  it('reads all its numbers', () => {
    assert.deepEqual(parseReport('report 42 1 3 7 10 20 30 40'), {
      report: { exitCode: 42, missing: true, memoryKills: 3, processRefusals: 7, diskFull: false },
    })
  })

  it('keeps what the engine does not count apart from zero', () => {
    assert.deepEqual(parseReport('report 0 0      '), {
      report: { exitCode: 0, missing: false, memoryKills: undefined, processRefusals: undefined, diskFull: false },
    })
  })

  it('sees a disk without blocks or without inodes', () => {
    for (const line of ['0 9 9 9', '9 0 9 9', '9 9 0 9', '9 9 9 0']) {
      const parsed = parseReport(`report 1 0 0 0 ${line}`)
      assert.ok(parsed !== undefined && 'report' in parsed && parsed.report.diskFull, line)
    }
  })

  it('knows a lost supervisor from nonsense', () => {
    assert.deepEqual(parseReport('lost 137'), { lost: 137 })
    for (const line of [
      '',
      'lost',
      'lost -1',
      'report',
      'report 0 2 0 0 1 1 1 1',
      'report 0 0 0 0 1 1 1 1 1',
      'report 0 0 0 0 1 1 1 1\n',
    ]) {
      assert.equal(parseReport(line), undefined, JSON.stringify(line))
    }
  })
})
