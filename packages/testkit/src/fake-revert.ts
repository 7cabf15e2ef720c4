import { MarketError, type ErrorCode } from '@assay/protocol'

/** Reverts that the chain adapter gives a code of their own; a test compares what both report. */
const codes: Readonly<Record<string, ErrorCode>> = {
  OrderExists: 'order-exists',
  OrderUnknown: 'order-not-funded',
  OrderClosed: 'order-exists',
  TooLate: 'deadline-passed',
  QuorumNotMet: 'no-quorum',
  InsufficientStake: 'stake-insufficient',
}

/** A contract's refusal, as the chain adapter reports it: the name of the custom error is `details.reason`. */
export const revert = (reason: string, facts: Readonly<Record<string, string | number | bigint>> = {}): MarketError =>
  new MarketError(codes[reason] ?? 'transaction-reverted', `the transaction reverted: ${reason}`, {
    details: { reason, ...Object.fromEntries(Object.entries(facts).map(([name, fact]) => [name, String(fact)])) },
  })
