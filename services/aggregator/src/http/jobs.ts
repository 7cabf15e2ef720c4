import {
  hash32Schema,
  Acceptance,
  ChallengeRequest,
  hashSchema,
  MarketError,
  parseMessage,
  shardSchema,
  SubmitRequest,
  type OrderId,
  type Receipt,
} from '@assay/protocol'
import type { Context as Request, Hono } from 'hono'
import type { Context } from '../context.ts'
import { aggregatorLimits as limits } from '../limits.ts'
import type { JobRow } from '../store/records.ts'
import { acceptJob, offerAcceptance } from '../use-cases/accept-job.ts'
import { challengeCommit } from '../use-cases/challenge-commit.ts'
import { explainJob } from '../use-cases/explain-job.ts'
import { submitJob } from '../use-cases/submit-job.ts'
import { viewJob } from '../use-cases/view-job.ts'
import { authenticate } from './authenticate.ts'
import { readJson } from './read-json.ts'
import { replyJson } from './reply-json.ts'

const orderIdSchema = hashSchema<OrderId>()

export function addJobRoutes(app: Hono, context: Context): void {
  const { store } = context
  const find = (c: Request) => {
    const orderId = parseMessage(orderIdSchema, c.req.param('order'), 'order id')
    const job = store.job(orderId)
    if (job === undefined) throw new MarketError('job-unknown', 'no such job here', { details: { orderId } })
    return job
  }

  const namesOf = (orderId: OrderId): Pick<Receipt, 'verdicts'> => {
    const newest = new Map(store.bundlesOf(orderId).map(({ verdictKey, id }) => [verdictKey, id]))
    return newest.size === 0 ? {} : { verdicts: [...newest.values()] }
  }

  app.get('/v1/verdicts/:id', (c) => {
    const id = parseMessage(hash32Schema, c.req.param('id'), 'bundle id')
    const bundle = store.bundle(id)
    if (bundle === undefined) throw new MarketError('verdict-unknown', 'no such bundle here', { details: { id } })
    return replyJson(bundle)
  })
  app.post('/v1/jobs', async (c) => {
    const request = parseMessage(SubmitRequest, await readJson(c.req.raw, limits.bodyBytes), 'submission')
    return replyJson(viewJob(context, await submitJob(context, request, c.req.raw.signal)), 201)
  })
  app.get('/v1/jobs', (c) => {
    const client = authenticate(context, c)
    const jobs = store.jobsOf(client, limits.jobsListed)
    return replyJson({ jobs: jobs.map((job) => ({ ...viewJob(context, job), attempts: [] })) })
  })
  app.get('/v1/jobs/:order', (c) => replyJson(viewJob(context, find(c))))
  app.delete('/v1/jobs/:order', (c) => {
    const job = find(c)
    if (authenticate(context, c) !== job.client)
      throw new MarketError('unauthorized', 'only the client of a job can cancel it')
    if (job.state === 'closed' || job.state === 'settling')
      throw new MarketError('job-state', 'too late to cancel', { details: { state: job.state } })
    const cancelled = job.cancelled ? job : store.updateJob(job, { cancelled: true })
    context.wake()
    return replyJson(viewJob(context, cancelled), 202)
  })
  addClientRoutes(app, context, find)
  app.get('/v1/jobs/:order/evidence', (c) => {
    const evidence = store.evidence(find(c).orderId)
    if (evidence === undefined) throw new MarketError('job-state', 'the job is not settling yet')
    return replyJson(evidence)
  })
  app.get('/v1/jobs/:order/receipt', (c) => {
    const job = find(c)
    const evidence = store.evidence(job.orderId)
    if (job.settlement === undefined || job.proof === undefined || evidence === undefined)
      throw new MarketError('job-state', 'the job has no settlement on chain', { details: { state: job.state } })
    const receipt: Receipt = {
      v: 1,
      evidence,
      settlement: job.settlement,
      proof: job.proof,
      openings: [],
      ...namesOf(job.orderId),
    }
    return replyJson(receipt)
  })
}

/** Why a job is where it is; and for class DX, which results its client pays for. */
function addClientRoutes(app: Hono, context: Context, find: (c: Request) => JobRow): void {
  app.get('/v1/jobs/:order/explain', async (c) => {
    const job = find(c)
    const asked = c.req.query('shard')
    const shard = asked === undefined ? undefined : parseMessage(shardSchema, Number(asked), 'shard')
    if (shard !== undefined && shard >= job.spec.shards.length)
      throw new MarketError('spec-invalid', 'the job has no such shard', { details: { field: 'shard', shard } })
    return replyJson(await explainJob(context, job, shard, c.req.raw.signal))
  })
  app.get('/v1/jobs/:order/acceptance', async (c) =>
    replyJson(await offerAcceptance(context, find(c), c.req.raw.signal)),
  )
  app.post('/v1/jobs/:order/acceptance', async (c) => {
    const acceptance = parseMessage(Acceptance, await readJson(c.req.raw, limits.bodyBytes), 'acceptance')
    return replyJson(viewJob(context, await acceptJob(context, find(c), acceptance, c.req.raw.signal)), 202)
  })
  app.post('/v1/jobs/:order/challenges', async (c) => {
    const job = find(c)
    const body = await readJson(c.req.raw, limits.challengeBytes)
    challengeCommit(context, job, parseMessage(ChallengeRequest, body, 'challenge').challenge)
    return replyJson(viewJob(context, job), 202)
  })
}
