import {
  Certificate,
  deriveCertificateId,
  hash32Schema,
  MarketError,
  parseMessage,
  PublishedCertificate,
} from '@assay/protocol'
import { systemClock } from '@assay/node-kit'
import type { Client } from '@assay/sdk'
import { readFile } from 'node:fs/promises'
import type { Io } from '../io.ts'
import { openMarketClient, type MarketFlags } from '../settings.ts'
import { withMarketOptions, type AddCommand } from './add-command.ts'

type Flags = MarketFlags & { readonly json?: boolean }

export const addCertificate: AddCommand = (program, io) => {
  const certificate = program.command('certificate').description('show and check certificates of reproducible programs')

  withMarketOptions(certificate.command('show'))
    .description('what a certificate says')
    .argument('<certificate>', 'its id, or a file')
    .action(async (named: string, flags: Flags) => {
      const file = await readCertificateFile(named)
      const found = file ?? (await fromMarket(io, named, flags))
      if (flags.json === true) return io.out(JSON.stringify(found))
      for (const line of describeCertificate(found)) io.out(line)
    })

  withMarketOptions(certificate.command('verify'))
    .description('check a certificate’s signatures against the quorum on chain, and that it was not revoked')
    .argument('<certificate>', 'its id, or a file')
    .action(async (named: string, flags: Flags) => {
      await using client = await openMarketClient(io, { ...flags, cap: '0.000001' })
      const file = await readCertificateFile(named)
      const id = file?.id ?? readId(named)
      const published = await readPublished(client, id, file)
      await client.checkCertificate(published, io.signal)
      const inForce = systemClock.now() < published.certificate.body.expiresAtMs
      if (!inForce)
        throw new MarketError('certificate-invalid', 'the certificate has expired', {
          details: { id, expiresAtMs: published.certificate.body.expiresAtMs },
        })
      if (flags.json === true) return io.out(JSON.stringify({ ok: true, id }))
      io.out(`certificate ${id} holds`)
    })
}

/** A certificate as lines. */
export function describeCertificate({ id, certificate, revocation }: PublishedCertificate): readonly string[] {
  const { body, signatures } = certificate
  const rows: Readonly<Record<string, string>> = {
    certificate: id,
    grade: body.grade,
    image: body.imageDigest,
    template: body.templateHash,
    class: body.hardwareClass === undefined ? body.determinism : `${body.determinism} ${body.hardwareClass}`,
    quorum: `${body.quorumId}, ${signatures.length} signatures`,
    sample: `shard ${body.shard} of spec ${body.specHash}`,
    result: body.resultRoot,
    varied: body.conditions.join(' '),
    issued: new Date(body.issuedAtMs).toISOString(),
    expires: new Date(body.expiresAtMs).toISOString(),
    ...(revocation && { revoked: `by audit ${revocation.body.evidence}` }),
  }
  return Object.entries(rows).map(([name, value]) => `${name.padEnd(12)} ${value}`)
}

async function fromMarket(io: Io, id: string, flags: Flags): Promise<PublishedCertificate> {
  await using client = await openMarketClient(io, { ...flags, cap: '0.000001' })
  return await client.certificate(readId(id), io.signal)
}

/** What the market publishes of it, revocation included; a file that the market does not know speaks for itself. */
async function readPublished(
  client: Client,
  id: PublishedCertificate['id'],
  file: PublishedCertificate | undefined,
): Promise<PublishedCertificate> {
  if (file === undefined) return client.certificate(id)
  const known = await client.certificate(id).catch(() => undefined)
  const revocation = known?.revocation ?? file.revocation
  return { ...file, ...(revocation && { revocation }) }
}

/** `undefined` when the name is an id. Throws `input-missing`, `message-malformed`. */
async function readCertificateFile(named: string): Promise<PublishedCertificate | undefined> {
  if (hash32Schema.safeParse(named).success) return undefined
  const text = await readFile(named, 'utf8').catch((cause: unknown) => {
    throw new MarketError('input-missing', 'the certificate cannot be read', { details: { path: named }, cause })
  })
  const json = parseJson(text)
  const published = PublishedCertificate.safeParse(json)
  if (published.success) return { ...published.data, id: deriveCertificateId(published.data.certificate.body) }
  const certificate = parseMessage(Certificate, json, 'certificate')
  return { id: deriveCertificateId(certificate.body), certificate }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new MarketError('message-malformed', 'the certificate is not JSON', {
      details: { what: 'certificate' },
      cause,
    })
  }
}

const readId = (text: string): PublishedCertificate['id'] => parseMessage(hash32Schema, text, 'certificate id')
