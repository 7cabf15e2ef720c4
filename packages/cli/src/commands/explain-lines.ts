/** An explanation as text: one block a shard, one paragraph a finding. */
import type { Finding } from '@assay/sdk'
import { shortId } from '../table.ts'

export interface Explained {
  readonly orderId: string
  readonly state: string
  readonly outcome: string | undefined
  readonly shards: readonly { readonly shard: number; readonly name: string; readonly money: string }[]
  readonly findings: readonly Finding[]
}

/** Lines for a terminal. Addresses and hashes are shortened; `--json` has them whole. */
export function explainLines({ orderId, state, outcome, shards, findings }: Explained): readonly string[] {
  const whole = findings.filter(({ shard }) => shard === undefined)
  return [
    `job ${orderId}: ${outcome ?? state}`,
    ...whole.flatMap((finding) => findingLines(finding, '  ')),
    ...shards.flatMap(({ shard, name, money }) => [
      '',
      `shard ${shard} ${name}: money ${money}`,
      ...findings.filter((finding) => finding.shard === shard).flatMap((finding) => findingLines(finding, '  ')),
    ]),
  ]
}

function findingLines(finding: Finding, indent: string): readonly string[] {
  const { attempt, blame, docs, kind, money, next, numbers, source, what } = finding
  const head = attempt === undefined ? kind : `attempt ${attempt} ${kind}`
  const facts = Object.entries(numbers).map(
    ([name, value]) => `${name} ${typeof value === 'string' ? shortId(value) : value}`,
  )
  const proof = {
    aggregator: 'the aggregator says so',
    evidence: 'proven by signed evidence',
    chain: 'read from the chain',
    client: 'seen by this client',
  }
  return [
    `${indent}${head}: ${shortenIds(what)}${blame === undefined ? '' : ` Fault of the ${blame}.`}`,
    `${indent}  money: ${money}`,
    `${indent}  next: ${next}`,
    ...(facts.length === 0 ? [] : [`${indent}  numbers: ${facts.join(', ')}`]),
    `${indent}  ${proof[source]}; ${docs}`,
  ]
}

const shortenIds = (text: string): string => text.replaceAll(/0x[0-9a-f]{16,}/g, shortId)
