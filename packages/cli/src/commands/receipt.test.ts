import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { encodeCanonical, formatUsdc, toJson, usdc, type Receipt } from '@assay/protocol'
import { buildEvidence, buildReceipt, createEvidenceCast } from '@assay/testkit'
import { runLine } from '../../test/run-line.ts'
import { exitCodes } from '../exit-codes.ts'

const cast = createEvidenceCast({ validators: 6, threshold: 3, shards: 3 })
const receipt = buildReceipt(
  cast,
  await buildEvidence(cast, {
    epochs: [
      {
        attempts: [
          { shard: 0, provider: 0, sampled: true },
          { shard: 1, provider: 1, sampled: false },
          { shard: 2, provider: 2, sampled: true, story: 'unopened' },
        ],
      },
    ],
  }),
)
const cheat = cast.providers[2]?.address

describe('assay receipt', () => {
  let folder = ''
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'assay-receipt-'))
  })
  after(async () => rm(folder, { recursive: true }))

  const write = async (name: string, content: Receipt | string): Promise<string> => {
    const path = join(folder, name)
    await writeFile(path, typeof content === 'string' ? content : encodeCanonical(toJson(content)))
    return path
  }

  it('shows what a job came to', async () => {
    const path = await write('good.json', receipt)
    const { exit, out } = await runLine(['receipt', 'show', path, '--json'])
    assert.equal(exit, exitCodes.ok)
    assert.deepEqual(JSON.parse(out), {
      job: cast.orderId,
      shards: 3,
      accepted: 2,
      audited: 2,
      convicted: [cheat],
      paidUsdc: formatUsdc(usdc(2_626_000n)),
      returnedUsdc: formatUsdc(usdc(2_424_000n)),
      transaction: receipt.proof?.transactionHash,
      image: cast.spec.image,
    })
    const text = await runLine(['receipt', 'show', path])
    assert.match(text.out, new RegExp(`^convicted +${cheat}$`, 'm'))
    assert.match(text.out, /^paidUsdc +2\.626/m)
  })

  it('verifies an honest receipt, check by check', async () => {
    const path = await write('good.json', receipt)
    const { exit, out } = await runLine(['receipt', 'verify', path, '--json'])
    assert.equal(exit, exitCodes.ok)
    const printed = JSON.parse(out) as { readonly ok: boolean; readonly checks: readonly { readonly status: string }[] }
    assert.equal(printed.ok, true)
    assert.ok(printed.checks.length > 5)
    assert.ok(printed.checks.every(({ status }) => status === 'passed' || status === 'skipped'))
    const text = await runLine(['receipt', 'verify', path])
    assert.equal(text.exit, exitCodes.ok)
    assert.match(text.out, /^settlement +passed/m)
    assert.doesNotMatch(text.out, /failed/i)
  })

  it('refuses a receipt in which anything was changed, and says which check failed', async () => {
    const { settlement, evidence, openings } = receipt
    const changed: readonly (readonly [check: string, Receipt])[] = [
      ['sampling', { ...receipt, evidence: { ...evidence, audits: evidence.audits.slice(1) } }],
      ['signatures', { ...receipt, settlement: { ...settlement, signatures: settlement.signatures.slice(1) } }],
      ['openings', { ...receipt, openings: openings.map((one) => ({ ...one, shard: 2 })) }],
    ]
    for (const [check, one] of changed) {
      const path = await write('changed.json', one)
      const { exit, out } = await runLine(['receipt', 'verify', path, '--json'])
      assert.equal(exit, exitCodes.invalid, check)
      const { error } = JSON.parse(out) as {
        readonly error: { readonly code: string; readonly details: { readonly check: string } }
      }
      assert.deepEqual([error.code, error.details.check], ['receipt-invalid', check])
      const shown = await runLine(['receipt', 'show', path])
      assert.equal(shown.exit, exitCodes.invalid, 'nothing is shown of a receipt that does not hold')
      assert.equal(shown.out, '')
    }
  })

  it('refuses what is no receipt', async () => {
    for (const text of ['', 'not json', '{}', '[]', 'null']) {
      const { exit, out } = await runLine(['receipt', 'verify', await write('other.json', text), '--json'])
      assert.equal(exit, exitCodes.refused)
      assert.match(out, /"message-malformed"/)
    }
  })

  it('asks for the inputs of a shard before it replays it, and for a shard that was opened', async () => {
    const path = await write('good.json', receipt)
    const { exit, out } = await runLine(['receipt', 'verify', path, '--replay', '2', '--json'])
    assert.equal(exit, exitCodes.invalid)
    assert.match(out, /opens no result of this shard/)
  })
})
