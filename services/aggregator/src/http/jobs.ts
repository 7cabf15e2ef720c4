import {
  Envelope,
  hashSchema,
  MarketError,
  openEnvelope,
  parseMessage,
  requestHeader,
  SignedRequest,
  SubmitRequest,
  toJson,
  type Address,
  type OrderId,
  type Receipt,
} from '@assay/protocol'
import type { Context as Request, Hono } from 'hono'
import type { Context } from '../context.ts'
import { aggregatorLimits as limits } from '../limits.ts'
import { submitJob } from '../use-cases/submit-job.ts'
import { viewJob } from '../use-cases/view-job.ts'
import { readJson } from './read-json.ts'

const orderIdSchema = hashSchema<OrderId>()

export function addJobRoutes(app: Hono, context: Context): void {
  const { store } = context
  const find = (c: Request) => {
    const orderId = parseMessage(orderIdSchema, c.req.param('order'), 'order id')
    const job = store.job(orderId)
    if (job === undefined) throw new MarketError('job-unknown', 'no such job here', { details: { orderId } })
    return job
  }

  app.post('/v1/jobs', async (c) => {
    const request = parseMessage(SubmitRequest, await readJson(c.req.raw, limits.bodyBytes), 'submission')
    return c.json(toJson(viewJob(context, await submitJob(context, request, c.req.raw.signal))) as never, 201)
  })
  app.get('/v1/jobs', (c) => {
    const client = authenticate(context, c)
    return c.json({
      jobs: store.jobsOf(client, 200).map((job) => toJson({ ...viewJob(context, job), attempts: [] })),
    } as never)
  })
  app.get('/v1/jobs/:order', (c) => c.json(toJson(viewJob(context, find(c))) as never))
  app.delete('/v1/jobs/:order', (c) => {
    const job = find(c)
    if (authenticate(context, c) !== job.client)
      throw new MarketError('unauthorized', 'only the client of a job can cancel it')
    if (job.state === 'closed' || job.state === 'settling')
      throw new MarketError('job-state', 'too late to cancel', { details: { state: job.state } })
    const cancelled = job.cancelled ? job : store.updateJob(job, { cancelled: true })
    context.wake()
    return c.json(toJson(viewJob(context, cancelled)) as never, 202)
  })
  app.get('/v1/jobs/:order/evidence', (c) => {
    const evidence = store.evidence(find(c).orderId)
    if (evidence === undefined) throw new MarketError('job-state', 'the job is not settling yet')
    return c.json(toJson(evidence) as never)
  })
  app.get('/v1/jobs/:order/receipt', (c) => {
    const job = find(c)
    const evidence = store.evidence(job.orderId)
    if (job.settlement === undefined || job.proof === undefined || evidence === undefined)
      throw new MarketError('job-state', 'the job has no settlement on chain', { details: { state: job.state } })
    const receipt: Receipt = { v: 1, evidence, settlement: job.settlement, proof: job.proof, openings: [] }
    return c.json(toJson(receipt) as never)
  })
}

/** The caller, proven by a fresh signed request header. Throws `unauthorized`, `signature-invalid`, `message-malformed`. */
function authenticate({ chain, clock }: Context, c: Request): Address {
  const header = c.req.header(requestHeader)
  if (header === undefined) throw new MarketError('unauthorized', `the header ${requestHeader} is missing`)
  const envelope = parseMessage(
    Envelope,
    JSON.parse(Buffer.from(header, 'base64').toString('utf8') || 'null'),
    requestHeader,
  )
  const request = openEnvelope('request/1', SignedRequest, envelope)
  const { chainId, escrow } = chain.market
  const forUs =
    request.chainId === chainId &&
    request.escrow === escrow &&
    request.method === c.req.method &&
    request.path === c.req.path
  if (!forUs || Math.abs(clock.now() - request.atMs) > limits.requestAgeMs)
    throw new MarketError('unauthorized', 'the signed request is for something else or too old')
  return envelope.signer
}
