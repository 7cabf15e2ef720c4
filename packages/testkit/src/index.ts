/** Fakes and compliance suites for the ports of `core`. Never imported by product code. */
export { beaconCompliance, type BeaconHarness } from './beacon-compliance.ts'
export { disputeCompliance } from './dispute-compliance.ts'
export { chainCompliance, chainComplianceWriters, type ChainHarness } from './chain-compliance.ts'
export { blobStoreCompliance, type BlobStoreHarness } from './blob-store-compliance.ts'
export { buildCertificate, buildGateAnswer, buildRevocation } from './certificate-builder.ts'
export { addAgreements, type AgreementPlan } from './agreement-builder.ts'
export { comparatorCompliance, type ComparatorSubject } from './comparator-compliance.ts'
export { createFakeBeacon, type FakeBeacon, type FakeBeaconOptions } from './fake-beacon.ts'
export { createFakeBlobStore, type FakeBlobStore } from './fake-blob-store.ts'
export { createFakeChain, type FakeChain, type FakeChainOptions } from './fake-chain.ts'
export { createFakeClock, type FakeClock } from './fake-clock.ts'
export {
  createNetworkHub,
  type FakeNodeOptions,
  type FrameFate,
  type FrameInFlight,
  type NetworkHub,
} from './fake-network.ts'
export { networkCompliance, type NetworkHarness } from './network-compliance.ts'
export { createSeededRng, type SeededRng } from './seeded-rng.ts'
export {
  buildAudit,
  buildEpoch,
  buildEvidence,
  buildReceipt,
  buildRound,
  isGuilty,
  junkOf,
  openingsOf,
  truthOf,
  type AttemptPlan,
  type BuiltEpoch,
  type EpochPlan,
  type EvidencePlan,
  type RoundPlan,
  type Story,
} from './evidence-builder.ts'
export {
  castBeaconGenesisMs,
  castBeaconPeriodMs,
  createEvidenceCast,
  createTestBeacon,
  named,
  type CastOptions,
  type EvidenceCast,
  type TestBeacon,
} from './evidence-cast.ts'
export { buildOwnCommit, type OwnCommitPlan } from './own-commit-builder.ts'
export { createTestActor, type TestActor } from './test-actor.ts'
export {
  createFakeSandbox,
  type FakeEnd,
  type FakeFile,
  type FakeImage,
  type FakeJob,
  type FakeSandboxOptions,
} from './fake-sandbox.ts'
export { complianceImage, sandboxCompliance, type SandboxHarness } from './sandbox-compliance.ts'
export { type FakeRoles } from './fake-stakes.ts'
export { signFunding } from './fake-token.ts'
export {
  buildAppeal,
  buildCase,
  builtStake,
  buildVerdict,
  createBench,
  type AppealPlan,
  type BuiltCase,
} from './verdict-builder.ts'
export { mutationsOf, type Mutation } from './mutations.ts'
