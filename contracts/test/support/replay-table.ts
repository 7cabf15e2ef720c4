/**
 * Every signature of the market, made for something else than what it is shown for: the error that refuses it, or `–` where
 * there is no such thing. The tests of `replay.test.ts` are generated from this.
 */
export const REPLAYS = [
  'another chain',
  'another contract',
  'another token',
  'another order, tab or operator',
  'another shard or attempt',
  'another epoch, generation or round',
  'another quorum',
  'other content',
  'another signer',
  'another kind of message',
  'used before',
] as const

export type Replay = (typeof REPLAYS)[number]

const NONE = '–'
const TOKEN = 'FiatTokenV2: invalid signature'
const USED = 'FiatTokenV2: authorization is used or canceled'
const CLIENT = 'BadSignature'
const QUORUM = 'NotMember'
const WORKER = 'NotInvolved'

/** One result per replay, in the order of `REPLAYS`. */
export const SIGNATURES = {
  'order payment': [TOKEN, TOKEN, TOKEN, TOKEN, NONE, NONE, TOKEN, TOKEN, TOKEN, TOKEN, 'OrderExists'],
  'settlement batch': [QUORUM, QUORUM, NONE, QUORUM, NONE, QUORUM, QUORUM, QUORUM, QUORUM, QUORUM, 'OrderClosed'],
  acceptance: [CLIENT, CLIENT, NONE, CLIENT, NONE, CLIENT, NONE, CLIENT, CLIENT, CLIENT, 'OrderClosed'],
  'tab voucher': [CLIENT, CLIENT, NONE, CLIENT, NONE, CLIENT, CLIENT, CLIENT, CLIENT, CLIENT, 'TabReplayed'],
  'tab deposit': [TOKEN, TOKEN, TOKEN, TOKEN, NONE, TOKEN, NONE, TOKEN, TOKEN, TOKEN, USED],
  verdict: [QUORUM, QUORUM, NONE, QUORUM, QUORUM, NONE, QUORUM, QUORUM, QUORUM, QUORUM, 'VerdictExists'],
  ruling: [QUORUM, QUORUM, NONE, QUORUM, QUORUM, QUORUM, NONE, QUORUM, QUORUM, QUORUM, 'NotAppealed'],
  commit: [WORKER, WORKER, NONE, WORKER, WORKER, NONE, NONE, WORKER, WORKER, WORKER, 'VerdictExists'],
  'audit commit': [WORKER, WORKER, NONE, WORKER, WORKER, WORKER, NONE, WORKER, WORKER, WORKER, 'VerdictExists'],
  'stake authorization': [TOKEN, TOKEN, TOKEN, TOKEN, NONE, TOKEN, NONE, TOKEN, TOKEN, TOKEN, USED],
} as const satisfies Record<string, readonly string[]>

export type SignatureKind = keyof typeof SIGNATURES
