import { MarketInfo, parseMessage, QuoteRequest, toJson } from '@assay/protocol'
import type { Hono } from 'hono'
import type { Context } from '../context.ts'
import { aggregatorLimits as limits } from '../limits.ts'
import { quoteJob } from '../use-cases/quote-job.ts'
import { readJson } from './read-json.ts'

export function addQuoteRoutes(app: Hono, context: Context): void {
  app.get('/v1/market', (c) => c.json(toJson(describeMarket(context)) as never))
  app.post('/v1/quotes', async (c) => {
    const { spec } = parseMessage(QuoteRequest, await readJson(c.req.raw, limits.bodyBytes), 'quote request')
    return c.json(toJson(await quoteJob(context, spec, c.req.raw.signal)) as never, 201)
  })
}

function describeMarket({ beacon, chain, directory, options, quorum, signer }: Context): MarketInfo {
  const { chainId, escrow, token, tokenName, tokenVersion, stakes, quorums, disputes } = chain.market
  return {
    ...{ chainId, escrow, token, tokenName, tokenVersion, stakes, quorums, disputes },
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
