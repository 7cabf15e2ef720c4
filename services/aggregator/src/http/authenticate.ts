import {
  Envelope,
  MarketError,
  openEnvelope,
  parseMessage,
  requestHeader,
  SignedRequest,
  type Address,
} from '@assay/protocol'
import type { Context as Request } from 'hono'
import type { Context } from '../context.ts'
import { aggregatorLimits as limits } from '../limits.ts'

/** The caller, proven by a fresh signed request header. Throws `unauthorized`, `signature-invalid`, `message-malformed`. */
export const authenticate = (context: Pick<Context, 'chain' | 'clock'>, c: Request): Address =>
  readSignedRequest(context, c).signer

/** The signed request itself, for those who must be shown that the client asked. Throws as `authenticate` does. */
export function readSignedRequest({ chain, clock }: Pick<Context, 'chain' | 'clock'>, c: Request): Envelope {
  const header = c.req.header(requestHeader)
  if (header === undefined) throw new MarketError('unauthorized', `the header ${requestHeader} is missing`)
  const envelope = parseMessage(Envelope, decodeHeader(header), requestHeader)
  const request = openEnvelope('request/1', SignedRequest, envelope)
  const { chainId, escrow } = chain.market
  const forUs =
    request.chainId === chainId &&
    request.escrow === escrow &&
    request.method === c.req.method &&
    request.path === c.req.path
  if (!forUs || Math.abs(clock.now() - request.atMs) > limits.requestAgeMs)
    throw new MarketError('unauthorized', 'the signed request is for something else or too old')
  return envelope
}

function decodeHeader(header: string): unknown {
  try {
    return JSON.parse(Buffer.from(header, 'base64').toString('utf8'))
  } catch (cause) {
    throw new MarketError('message-malformed', `the header ${requestHeader} is not base64 of JSON`, { cause })
  }
}
