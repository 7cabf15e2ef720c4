/** Pure decisions of the market, and the ports through which services reach the world. */
export type {
  Beacon,
} from './ports/beacon.ts'
export type {
  BlobStore,
  PutBlobOptions,
} from './ports/blob-store.ts'
export type {
  ChainMarket,
  ChainOperator,
  ChainOrder,
  ChainReader,
  ChainWriter,
  FundingAuthorization,
  Sent,
  SignedBatch,
  VerdictStatus,
} from './ports/chain.ts'
export type {
  Clock,
} from './ports/clock.ts'
export type {
  CapabilityKey,
  FrameStream,
  Network,
  Peer,
  ProtocolName,
  StreamHandler,
} from './ports/network.ts'
export type {
  Rng,
} from './ports/rng.ts'
export type {
  ImageRef,
  Sandbox,
  SandboxConditions,
  SandboxFacts,
  SandboxFailure,
  SandboxFailureKind,
  SandboxInput,
  SandboxLimits,
  SandboxObserver,
  SandboxOutcome,
  SandboxSuccess,
  SandboxTask,
} from './ports/sandbox.ts'
export type {
  Signer,
} from './ports/signer.ts'
