/** Buy verified computation: client, job, receipt. Runs in Node and in browsers; files of a disk are in `@assay/sdk/node`. */
export { type JobCertificate } from './certify-quote.ts'
export { type ChallengeOptions } from './challenge-shard.ts'
export { type AcceptedJob, type AcceptOptions } from './accept-job.ts'
export { type Client } from './client.ts'
export { type ClientChain, localChainIds } from './client-chain.ts'
export { type CollectedFiles, collectFiles } from './collect-files.ts'
export { completeTolerance } from './complete-tolerance.ts'
export {
  type AttemptExplanation,
  explainJob,
  type JobExplanation,
  type MoneyState,
  type ShardExplanation,
} from './explain-job.ts'
export { type ExplainOptions } from './find-out.ts'
export { type Fetch } from './http.ts'
export { type Job } from './job.ts'
export { type ReceiptOptions } from './job-receipt.ts'
export { createMemoryJobStore, encodeStoredJob, type JobStore, parseStoredJob, type StoredJob } from './job-store.ts'
export {
  type MapOptions,
  type MapProgress,
  type ResourceOptions,
  type TaskOptions,
  type ToleranceOptions,
} from './map-options.ts'
export { type ClientOptions, openClient } from './open-client.ts'
export { type RpcOptions } from './open-own-chain.ts'
export { ringProvider, type RingerOptions, type RingerResult } from './ring-provider.ts'
export { type ResultEntry } from './pull-entries.ts'
export { type OpenedResult } from './read-sealed.ts'
export { type JobReceipt, openReceipt } from './receipt.ts'
export { refundOrder } from './refund-order.ts'
export { deriveSealKey, type SealKey } from './seal-key.ts'
export { type ByteSource, type InputFile, inputsFromBlobs, type ShardInput, type Source } from './shard-input.ts'
export { type ShardOutput } from './shard-output.ts'
export { type JobVerdict, openVerdict } from './verdict.ts'
export { type PricedJob } from './start-job.ts'
export { createSigner } from './signer.ts'
export {
  type CheatOutlook,
  type QuoteEconomics,
  type ReceiptAnchors,
  type ReceiptCheck,
  type ReceiptReport,
  type VerdictAnchors,
  type VerdictReport,
  verifyReceipt,
  verifyVerdict,
} from '@assay/core'
export {
  type ErrorCode,
  type Finding,
  formatUsdc,
  isMarketError,
  type JobEvent,
  type JobView,
  MarketError,
  type Quote,
} from '@assay/protocol'
