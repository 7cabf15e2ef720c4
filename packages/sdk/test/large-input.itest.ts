/** Nothing holds a whole file in memory: an input far larger than what the process may grow by goes through. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { anyImage, openScene } from './fixture/open-scene.ts'

const MiB = 1024 * 1024
const inputBytes = 200 * MiB
/** Chunks in flight on both sides, for the server is in the same process, and buffers of the sockets. */
const growthBytes = 50 * MiB

test('hashes and uploads 200 MiB in bounded memory', async (t) => {
  await using scene = await openScene()
  let most = 0
  let start = 0
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc') as () => void
  const held = (): number => {
    collectGarbage()
    const { arrayBuffers, heapUsed } = process.memoryUsage()
    return arrayBuffers + heapUsed
  }
  const open = async function* (): AsyncGenerator<Uint8Array> {
    for (let sent = 0; sent < inputBytes; sent += MiB) {
      yield new Uint8Array(MiB).fill(sent / MiB)
      if (sent % (10 * MiB) === 0) most = Math.max(most, held() - start)
    }
  }
  start = held()
  const inputs = [{ name: 'large', files: [{ path: 'large', size: inputBytes, open }] }]
  const job = await scene.client.map({ image: anyImage, command: ['wc', '-c', '{}'], inputs })
  const [input] = job.spec.shards[0]!.inputs
  assert.equal(input?.size, inputBytes)
  assert.ok(scene.aggregator.holds(input.root))
  assert.ok(most < growthBytes, `the process grew by ${Math.round(most / MiB)} MiB`)
  t.diagnostic(`grew by ${Math.round(most / MiB)} MiB`)
})
