import { parseMessage, QuoteRequest, type MarketInfo } from '@assay/protocol'
import type { Hono } from 'hono'
import type { Context } from '../context.ts'
import { aggregatorLimits as limits } from '../limits.ts'
import { quoteJob } from '../use-cases/quote-job.ts'
import { readJson } from './read-json.ts'
import { replyJson } from './reply-json.ts'

/** What the market is, and what a job would cost on it. */
export function addQuoteRoutes(app: Hono, context: Context): void {
  app.get('/v1/market', () => replyJson(describeMarket(context)))
  app.post('/v1/quotes', async (c) => {
    const request = parseMessage(QuoteRequest, await readJson(c.req.raw, limits.bodyBytes), 'quote request')
    return replyJson(await quoteJob(context, request, c.req.raw.signal), 201)
  })
}

function describeMarket({ beacon, chain, directory, options, quorum, signer }: Context): MarketInfo {
  const { chainId, escrow, token, tokenName, tokenVersion, stakes, quorums, disputes } = chain.market
  return {
    chainId,
    escrow,
    token,
    tokenName,
    tokenVersion,
    stakes,
    quorums,
    disputes,
    aggregator: signer.address,
    publicKey: signer.publicKey,
    quorumId: options.quorumId,
    feeBps: options.feeBps,
    beacon: beacon.info,
    priceUsdc: options.priceUsdc,
    auditFeeUsdc: options.auditFeeUsdc,
    providersSeen: directory.providers().length,
    validatorsSeen: directory.validators().filter((node) => quorum.members.includes(node.peer.address)).length,
  }
}
