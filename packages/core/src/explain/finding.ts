import type { Blame, ErrorCode, Finding, FindingKind, ShardVerdict } from '@assay/protocol'
import { moneyRules, type MoneyRule } from './money-rules.ts'

export type FindingSource = Finding['source']

/** One finding. Its page is that of the error code when there is one, else that of its kind. */
export function createFinding(
  kind: FindingKind,
  about: { readonly shard?: number; readonly attempt?: number },
  says: {
    readonly what: string
    readonly next: string
    readonly money: MoneyRule | { readonly text: string }
    readonly blame?: Blame | undefined
    readonly code?: ErrorCode | undefined
    readonly verdict?: ShardVerdict | undefined
    readonly numbers?: Finding['numbers']
    readonly source?: FindingSource
  },
): Finding {
  const { what, next, money, blame, code, verdict, numbers = {}, source = 'aggregator' } = says
  return {
    kind,
    ...(about.shard !== undefined && { shard: about.shard }),
    ...(about.attempt !== undefined && { attempt: about.attempt }),
    what,
    ...(blame && { blame }),
    money: typeof money === 'string' ? moneyRules[money] : money.text,
    next,
    ...(code && { code }),
    ...(verdict && { verdict }),
    numbers,
    source,
    docs: code !== undefined ? `docs/errors.md#${code}` : `docs/explain.md#${kind}`,
  }
}

/** A time for people: ISO text, UTC. */
export const timeText = (ms: number): string => new Date(ms).toISOString()
