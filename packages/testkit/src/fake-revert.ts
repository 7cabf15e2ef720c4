import { codeOfRevert, MarketError } from '@assay/protocol'

/** A contract's refusal, as the chain adapter reports it: its code, and the name of the custom error as `details.reason`. */
export const revert = (reason: string, facts: Readonly<Record<string, string | number | bigint>> = {}): MarketError =>
  new MarketError(codeOfRevert(reason) ?? 'transaction-reverted', `the transaction reverted: ${reason}`, {
    details: { reason, ...Object.fromEntries(Object.entries(facts).map(([name, fact]) => [name, String(fact)])) },
  })
