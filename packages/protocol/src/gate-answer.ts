/** What one validator says about a sample of a job that is to be certified: a blind promise first, then its own finding. */
import { z } from 'zod'
import { DeterminismGrade, GateCondition } from './certificate.ts'
import { createEnvelope, deriveEnvelopeDigest, toJson, type DigestSigner, type Envelope } from './envelope.ts'
import { limits } from './limits.ts'
import { hash32Schema, hashSchema } from './schema.ts'
import { MarketDomain } from './typed-data.ts'
import { asHash, type Hash32, type OrderId, type ResultRoot, type Salt } from './units.ts'

/** Some bytes of one result, for eyes: where they begin, in hex, and as text. Bounded, and never acted on. */
const GateExcerpt = z.strictObject({
  offset: z.int().min(0),
  hex: z.string().max(64),
  text: z.string().max(1000),
})

/** One way in which two runs of a validator part. The first run has the conditions of every paid run. */
export const GateDifference = z.strictObject({
  /** Path below `/out`; empty for standard output. */
  path: z.string().max(limits.pathBytes),
  kind: z.enum(['content', 'missing', 'extra', 'type', 'mode', 'failure']),
  /** Why, as far as the bytes tell. */
  cause: z.enum([
    'time',
    'time-zone',
    'host-name',
    'locale',
    'threads',
    'order',
    'float',
    'randomness',
    'archive',
    'file-set',
    'unknown',
  ]),
  /** First byte that differs, counted from 0 in the first result. */
  offset: z.int().min(0).optional(),
  first: GateExcerpt.optional(),
  second: GateExcerpt.optional(),
  count: z.int().min(1),
  detail: z.string().max(1000).optional(),
})
export type GateDifference = z.infer<typeof GateDifference>

/** Body of a `gate-answer/1` envelope, signed by a validator. Its salt hides it until it is shown. */
export const GateAnswer = z.strictObject({
  ...MarketDomain.shape,
  /** Id of the terms of the quote whose job is certified: it fixes the spec, and with it the sample. */
  orderId: hashSchema<OrderId>(),
  grade: DeterminismGrade,
  /** Of the first run; the failed-run root when it did not succeed. */
  resultRoot: hashSchema<ResultRoot>(),
  salt: hashSchema<Salt>(),
  /** What the second run had otherwise, ascending. */
  conditions: z.array(GateCondition).max(GateCondition.options.length),
  differences: z.array(GateDifference).max(limits.gateDifferences),
})
export type GateAnswer = z.infer<typeof GateAnswer>

/** Body of a `gate-commit/1` envelope: the answer exists, and will not change. */
export const GateCommit = z.strictObject({
  ...MarketDomain.shape,
  orderId: hashSchema<OrderId>(),
  /** Digest of the answer's envelope. */
  answer: hash32Schema,
})
export type GateCommit = z.infer<typeof GateCommit>

/** What a promise of this answer names. */
export const deriveAnswerDigest = (answer: Envelope): Hash32 =>
  asHash(deriveEnvelopeDigest('gate-answer/1', answer.payload))

/** An answer and the promise of it. Signatures are deterministic, so the same answer gives the same two envelopes. */
export async function signGateAnswer(
  body: GateAnswer,
  signer: DigestSigner,
): Promise<{ readonly answer: Envelope; readonly commit: Envelope }> {
  const answer = await createEnvelope('gate-answer/1', toJson(body), signer)
  const { chainId, escrow, orderId } = body
  const promise: GateCommit = { chainId, escrow, orderId, answer: deriveAnswerDigest(answer) }
  return { answer, commit: await createEnvelope('gate-commit/1', toJson(promise), signer) }
}
