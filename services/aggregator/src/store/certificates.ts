import type { CertifiedProgram } from '@assay/core'
import {
  asHash,
  Certificate,
  CertificateBody,
  deriveCertificateId,
  Envelope,
  ErrorBody,
  JobSpec,
  OrderTerms,
  Revocation,
  unixMs,
  type Commitment,
  type Hash32,
  type OrderId,
  type UnixMs,
} from '@assay/protocol'
import { and, count, desc, eq, isNotNull, isNull, lt, ne } from 'drizzle-orm'
import { z } from 'zod'
import { read, readOptional, write, writeOptional } from './codec-schema.ts'
import type { StoreDatabase } from './open-store.ts'
import type { CertificateRow, CertificationPatch, CertificationRow, CertificationState } from './records.ts'
import { certificates, certifications } from './schema.ts'

/** Certifications under way or over, and the certificates that came of them. */
export interface CertificatesStore {
  /** Adds a certification unless its quote has one; returns whether it did. */
  addCertification(row: CertificationRow): boolean
  certification(orderId: OrderId): CertificationRow | undefined
  openCertifications(): readonly OrderId[]
  updateCertification(orderId: OrderId, patch: CertificationPatch): void
  countCertifications(): number
  /** Keeps a signed certificate; the same one again changes nothing. */
  addCertificate(certificate: Certificate): void
  certificate(id: Hash32): CertificateRow | undefined
  /** Newest first. */
  certificatesOf(image: string, template: string | undefined, limit: number): readonly CertificateRow[]
  /** Of one program, newest first. */
  certificatesFor(program: CertifiedProgram): readonly CertificateRow[]
  /** Notes that an audit contradicts a certificate: it arms nothing from now on. The first such audit stays. */
  contradict(id: Hash32, by: Commitment): void
  /** Contradicted certificates whose quorum has not taken them back yet. */
  openRevocations(): readonly CertificateRow[]
  addRevocation(revocation: Revocation): void
  /** Drops certifications that are over, and certificates that expired, before an instant. */
  dropCertificates(before: UnixMs): void
}

export const createCertificatesStore = (db: StoreDatabase): CertificatesStore => ({
  ...createCertifications(db),
  ...createPublished(db),
  dropCertificates(before) {
    db.delete(certifications)
      .where(and(ne(certifications.state, 'running'), lt(certifications.atMs, before)))
      .run()
    db.delete(certificates).where(lt(certificates.expiresAtMs, before)).run()
  },
})

type Certifications = Pick<
  CertificatesStore,
  'addCertification' | 'certification' | 'openCertifications' | 'updateCertification' | 'countCertifications'
>

function createCertifications(db: StoreDatabase): Certifications {
  return {
    addCertification: (row) =>
      db.insert(certifications).values(toColumns(row)).onConflictDoNothing().run().changes === 1,
    certification(orderId) {
      const row = db.select().from(certifications).where(eq(certifications.orderId, orderId)).get()
      return row && toCertification(row)
    },
    openCertifications: () =>
      db
        .select({ orderId: certifications.orderId })
        .from(certifications)
        .where(eq(certifications.state, 'running'))
        .all()
        .map((row) => asHash(row.orderId)),
    updateCertification(orderId, { state, commits, answers, body, error }) {
      const set = {
        ...(state && { state }),
        ...(commits && { commits: write(commits) }),
        ...(answers && { answers: write(answers) }),
        ...(body && { body: write(body) }),
        ...(error && { error: write(error) }),
      }
      db.update(certifications).set(set).where(eq(certifications.orderId, orderId)).run()
    },
    countCertifications: () =>
      db.select({ n: count() }).from(certifications).where(eq(certifications.state, 'running')).get()?.n ?? 0,
  }
}

function createPublished(db: StoreDatabase): Omit<CertificatesStore, keyof Certifications | 'dropCertificates'> {
  const ofProgram = ({ imageDigest, templateHash, determinism }: CertifiedProgram) =>
    and(
      eq(certificates.image, imageDigest),
      eq(certificates.template, templateHash),
      eq(certificates.determinism, determinism),
    )
  return {
    addCertificate(certificate) {
      const { imageDigest, templateHash, determinism, issuedAtMs, expiresAtMs } = certificate.body
      const row = {
        id: deriveCertificateId(certificate.body),
        image: imageDigest,
        template: templateHash,
        determinism,
        issuedAtMs,
        expiresAtMs,
        certificate: write(certificate),
      }
      db.insert(certificates).values(row).onConflictDoNothing().run()
    },
    certificate(id) {
      const row = db.select().from(certificates).where(eq(certificates.id, id)).get()
      return row && toCertificate(row)
    },
    certificatesOf: (image, template, limit) =>
      db
        .select()
        .from(certificates)
        .where(
          and(eq(certificates.image, image), template === undefined ? undefined : eq(certificates.template, template)),
        )
        .orderBy(desc(certificates.issuedAtMs), certificates.id)
        .limit(limit)
        .all()
        .map(toCertificate),
    certificatesFor: (program) =>
      db
        .select()
        .from(certificates)
        .where(ofProgram(program))
        .orderBy(desc(certificates.issuedAtMs), certificates.id)
        .all()
        .map(toCertificate)
        .filter(({ certificate }) => certificate.body.hardwareClass === program.hardwareClass),
    contradict: (id, by) =>
      void db
        .update(certificates)
        .set({ contradictedBy: by })
        .where(and(eq(certificates.id, id), isNull(certificates.contradictedBy)))
        .run(),
    openRevocations: () =>
      db
        .select()
        .from(certificates)
        .where(and(isNotNull(certificates.contradictedBy), isNull(certificates.revocation)))
        .all()
        .map(toCertificate),
    addRevocation: (revocation) =>
      void db
        .update(certificates)
        .set({ revocation: write(revocation) })
        .where(and(eq(certificates.id, revocation.body.certificate), isNull(certificates.revocation)))
        .run(),
  }
}

const certificationStates: readonly CertificationState[] = ['running', 'certified', 'refused']
const Envelopes = z.array(Envelope)

const toColumns = (row: CertificationRow) => ({
  orderId: row.orderId,
  state: row.state,
  terms: write(row.terms),
  spec: write(row.spec),
  request: write(row.request),
  commits: write(row.commits),
  answers: write(row.answers),
  body: writeOptional(row.body),
  error: writeOptional(row.error),
  deadlineMs: row.deadlineMs,
  atMs: row.atMs,
})

const toCertification = (row: typeof certifications.$inferSelect): CertificationRow => ({
  orderId: asHash(row.orderId),
  state: certificationStates.find((state) => state === row.state) ?? 'running',
  terms: read(OrderTerms, row.terms),
  spec: read(JobSpec, row.spec),
  request: read(Envelope, row.request),
  commits: read(Envelopes, row.commits),
  answers: read(Envelopes, row.answers),
  body: readOptional(CertificateBody, row.body),
  error: readOptional(ErrorBody, row.error),
  deadlineMs: unixMs(row.deadlineMs),
  atMs: unixMs(row.atMs),
})

const toCertificate = (row: typeof certificates.$inferSelect): CertificateRow => ({
  id: asHash(row.id),
  certificate: read(Certificate, row.certificate),
  contradictedBy: row.contradictedBy === null ? undefined : asHash<Commitment>(row.contradictedBy),
  revocation: readOptional(Revocation, row.revocation),
})
