import type { CertifiedProgram } from '@assay/core'
import type { Database } from '@assay/node-kit'
import {
  asAddress,
  asHash,
  CertificateBody,
  encodeCanonical,
  GateAnswer,
  MarketError,
  RevocationBody,
  toJson,
  unixMs,
} from '@assay/protocol'
import { and, count, eq, gte, lt } from 'drizzle-orm'
import { GateSubject, read, write } from './codec-schema.ts'
import type { GateRow, ValidatorStore } from './records.ts'
import { gates, revocations } from './schema.ts'

type GatesStore = Pick<
  ValidatorStore,
  | 'gate'
  | 'addGate'
  | 'countGates'
  | 'signGate'
  | 'revocation'
  | 'addRevocation'
  | 'isProgramRevoked'
  | 'forgetGatesBefore'
>

/** What this validator found about samples, certified, and took back. */
export const createGatesStore = ({ reader, withTransaction }: Database): GatesStore => ({
  gate(orderId) {
    const row = reader.select().from(gates).where(eq(gates.orderId, orderId)).get()
    return row && toGate(row)
  },
  addGate: ({ subject, answer, certificate, ...columns }) =>
    withTransaction((tx) => {
      const row = {
        ...columns,
        subject: write(subject),
        answer: write(answer),
        certificate: certificate === undefined ? null : write(certificate),
      }
      if (tx.insert(gates).values(row).onConflictDoNothing().run().changes === 0) throw conflict(columns.orderId)
    }),
  countGates(since, client) {
    const where = and(gte(gates.atMs, since), client === undefined ? undefined : eq(gates.client, client))
    return reader.select({ count: count() }).from(gates).where(where).get()?.count ?? 0
  },
  signGate: (orderId, certificate) =>
    withTransaction((tx) => {
      const held = tx.select().from(gates).where(eq(gates.orderId, orderId)).get()?.certificate ?? null
      if (held !== null && held !== write(certificate)) throw conflict(orderId)
      tx.update(gates)
        .set({ certificate: write(certificate) })
        .where(eq(gates.orderId, orderId))
        .run()
    }),
  revocation(certificate) {
    const row = reader.select().from(revocations).where(eq(revocations.certificate, certificate)).get()
    return row && read(RevocationBody, row.body)
  },
  addRevocation: (body, program, atMs) =>
    withTransaction((tx) => {
      const row = { certificate: body.certificate, program: programKey(program), body: write(body), atMs }
      tx.insert(revocations).values(row).onConflictDoNothing().run()
    }),
  isProgramRevoked: (program) =>
    reader
      .select()
      .from(revocations)
      .where(eq(revocations.program, programKey(program)))
      .get() !== undefined,
  forgetGatesBefore: (instant) =>
    withTransaction((tx) => {
      tx.delete(gates).where(lt(gates.atMs, instant)).run()
      tx.delete(revocations).where(lt(revocations.atMs, instant)).run()
    }),
})

const programKey = ({ imageDigest, templateHash, determinism, hardwareClass }: CertifiedProgram): string =>
  encodeCanonical(toJson({ imageDigest, templateHash, determinism, hardwareClass }))

const toGate = (row: typeof gates.$inferSelect): GateRow => ({
  orderId: asHash(row.orderId),
  client: asAddress(row.client),
  aggregator: asAddress(row.aggregator),
  subject: read(GateSubject, row.subject),
  answer: read(GateAnswer, row.answer),
  certificate: row.certificate === null ? undefined : read(CertificateBody, row.certificate),
  atMs: unixMs(row.atMs),
})

const conflict = (orderId: string): MarketError =>
  new MarketError('state-conflict', 'the sample has an answer already', { blame: 'validator', details: { orderId } })
