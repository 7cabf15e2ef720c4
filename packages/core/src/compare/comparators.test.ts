/** Every comparator passes the suite that any plug-in must pass. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { ComparatorName } from '@assay/protocol'
import { comparatorCompliance } from '@assay/testkit'
import { doubles, npyFile } from '../../test/npy-file.ts'
import { comparators } from './comparators.ts'

const text = (word: string): Uint8Array => new TextEncoder().encode(word)

const files: Readonly<Record<ComparatorName, readonly Uint8Array[]>> = {
  bytes: ['', 'a', 'ab', 'abc', 'b'].map(text),
  json: [
    '{"a":[1,2,3],"b":"x","c":null}',
    '{"b":"x","a":[1.0000001,2,3],"c":null}',
    '{"a":[1,2,3],"b":"y","c":null}',
    '{"a":[1,2],"b":"x"}',
    '[1e308,-1e308,1e-320,-0.0,true]',
    '[-1e308,1e308,0,0,true]',
    '{"a":1,"a":1}',
    '17',
  ].map(text),
  csv: [
    'x,y\n1,2\n3,4\n',
    'x,y\n1.0000001,2\n3,4\n',
    'x;y\r\n1;2\r\n3;4\r\n',
    'x,y\n"1",nan\n3,-inf\n',
    'x,y\n"1",NaN\n3,-Infinity\n',
    'x,y\n1e308,2\n3,4',
    'x,y\n-1e308,2\r\n3,4',
    '1\t.5\t 2. \n',
  ].map(text),
  npy: [
    npyFile({ shape: [2, 2], data: doubles([1, 2, 3, 4]) }),
    npyFile({ shape: [2, 2], data: doubles([1.0000001, 2, 3, 4]) }),
    npyFile({ shape: [2, 2], data: doubles([1, 3, 2, 4.000001]), fortranOrder: true, version: 3 }),
    npyFile({ shape: [2, 2], data: doubles([1, 2, 3, NaN], false), descr: '>f8', version: 2 }),
    npyFile({ shape: [4], data: doubles([1, 2, 3, 4]) }),
    npyFile({ shape: [4], data: doubles([-1, 2, 1e300, 4]) }),
    npyFile({ shape: [4], data: doubles([1, 2, 3, 5]), descr: '<i8' }),
    npyFile({ shape: [4], data: doubles([1, 2, 3, 4]), descr: '<i8' }),
    npyFile({ shape: [], data: doubles([1]) }),
    npyFile({ shape: [0, 7], data: doubles([]) }),
    npyFile({ shape: [32], data: doubles([1, 2, 3, 4]), descr: '|b1' }),
  ],
}

it('has a comparator for every name of the protocol', () => {
  assert.deepEqual(Object.keys(comparators).toSorted(), ComparatorName.options.toSorted())
  for (const [name, comparator] of Object.entries(comparators)) assert.equal(comparator.name, name)
})
for (const name of ComparatorName.options) comparatorCompliance({ comparator: comparators[name], files: files[name] })
