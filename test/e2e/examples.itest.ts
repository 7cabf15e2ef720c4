/** The guided examples run to the letter, each in a process of its own. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

test('the guided transfer to a deposit address funds, sweeps and refunds, to the last unit', async () => {
  const example = fileURLToPath(new URL('../../examples/pay-by-transfer/main.ts', import.meta.url))
  const { stdout } = await run(process.execPath, [example], { timeout: 120_000 })
  const lines = stdout.trimEnd().split('\n')
  assert.equal(lines.length, 6)
  assert.match(lines[3] ?? '', /10\.000000 USDC in escrow, 2\.000000 back to the client$/)
  assert.match(lines[4] ?? '', /the client has 5\.000000 USDC$/)
  assert.match(lines[5] ?? '', /the client has 15\.000000 USDC, all of it$/)
})
