import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { unixMs } from '@assay/protocol'
import { containerLabels, containerName, labelKeys } from './container-name.ts'

describe('container name', () => {
  it('is one that the engine takes, for any run id', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (runnerId, runId) => {
        assert.match(containerName({ runnerId, runId }), /^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,127}$/)
      }),
    )
  })

  it('is the same for the same run, and another for any other', () => {
    const name = containerName({ runnerId: 'a', runId: 'job/1/2' })
    assert.equal(name, containerName({ runnerId: 'a', runId: 'job/1/2' }))
    assert.match(name, /^assay-job-1-2-[0-9a-f]{16}$/)
    const others = [
      ['a', 'job/1.2'],
      ['a', 'job/1/3'],
      ['b', 'job/1/2'],
      ['ajob/1/2', ''],
    ]
    for (const [runnerId = '', runId = ''] of others) assert.notEqual(containerName({ runnerId, runId }), name)
  })
})

it('labels say whose container it is and until when', () => {
  const labels = containerLabels({ runnerId: 'r', owner: '1-2-3', runId: 'run', deadline: unixMs(1234) })
  assert.deepEqual(labels, {
    [labelKeys.runner]: 'r',
    [labelKeys.owner]: '1-2-3',
    [labelKeys.run]: 'run',
    [labelKeys.deadline]: '1234',
    [labelKeys.schema]: '1',
  })
})
