/**
 * Branded units: a bare bigint, number or string is never money, time, size, hash or id.
 * Brands exist only in the type system; at run time a value is the plain bigint, number or string.
 */

declare const unit: unique symbol
/** `T` that carries the name of its unit, so that two units cannot be mixed up at a call. */
export type Unit<T, Name extends string> = T & { readonly [unit]: Name }

/** `0x`-prefixed lowercase hex of any even length. */
export type Hex = `0x${string}`

/** 1 USDC = 1_000_000. Never negative, never above 2^64 - 1. */
export type UsdcBase = Unit<bigint, 'UsdcBase'>
/** Milliseconds since 1970-01-01 UTC. */
export type UnixMs = Unit<number, 'UnixMs'>
/** Whole seconds since 1970-01-01 UTC, the chain's clock. */
export type UnixSeconds = Unit<number, 'UnixSeconds'>
/** A length of time in milliseconds. */
export type DurationMs = Unit<number, 'DurationMs'>
/** A size in bytes. */
export type ByteCount = Unit<number, 'ByteCount'>
/** Parts per million, 0 to 1_000_000: audit rates. */
export type Ppm = Unit<number, 'Ppm'>
/** Hundredths of a per cent, 0 to 10_000: fees. */
export type BasisPoints = Unit<number, 'BasisPoints'>
/** 1/1000 of a CPU core. */
export type MilliCpus = Unit<number, 'MilliCpus'>

/** EVM address, lowercase. Names an actor everywhere. */
export type Address = Unit<Hex, 'Address'>
/** secp256k1 public key, 33 bytes compressed. Also inside the libp2p peer id. */
export type PublicKey = Unit<Hex, 'PublicKey'>
/** secp256k1 private key, 32 bytes. Never logged, never stored outside the keystore. */
export type PrivateKey = Unit<Hex, 'PrivateKey'>
/** 65-byte recoverable secp256k1 signature r‖s‖v, low s. */
export type Signature = Unit<Hex, 'Signature'>

/** EIP-712 digest of the order terms: order id, job id, EIP-3009 nonce. */
export type OrderId = Unit<Hex, 'OrderId'>
/** SHA-256 of the canonical bytes of a job spec. */
export type SpecHash = Unit<Hex, 'SpecHash'>
/** Merkle root of a shard's canonical manifest: *the* result. */
export type ResultRoot = Unit<Hex, 'ResultRoot'>
/** Salted hash of a result root, bound to chain, order, shard, attempt and provider. */
export type Commitment = Unit<Hex, 'Commitment'>
/** A validator's salted hash of its own result root. */
export type AuditCommitment = Unit<Hex, 'AuditCommitment'>
/** 32 random bytes. */
export type Salt = Unit<Hex, 'Salt'>
/** Merkle root over all leaves of an epoch. */
export type EpochRoot = Unit<Hex, 'EpochRoot'>
/** Content address of a byte string: see `blob.ts`. */
export type BlobRoot = Unit<Hex, 'BlobRoot'>
/** Any other 32-byte hash. */
export type Hash32 = Unit<Hex, 'Hash32'>

/** Beacon round number, from 1. */
export type BeaconRound = Unit<number, 'BeaconRound'>
/** Index of an operator in the `Stakes` contract, from 1. */
export type OperatorIndex = Unit<number, 'OperatorIndex'>
/** Number of a validator set in the `Quorums` contract, from 1. */
export type QuorumId = Unit<number, 'QuorumId'>

export const usdc = (base: bigint): UsdcBase => base as UsdcBase
export const unixMs = (ms: number): UnixMs => ms as UnixMs
export const unixSeconds = (seconds: number): UnixSeconds => seconds as UnixSeconds
export const durationMs = (ms: number): DurationMs => ms as DurationMs
export const byteCount = (bytes: number): ByteCount => bytes as ByteCount
export const ppm = (parts: number): Ppm => parts as Ppm
export const basisPoints = (points: number): BasisPoints => points as BasisPoints
export const milliCpus = (thousandths: number): MilliCpus => thousandths as MilliCpus
export const operatorIndex = (index: number): OperatorIndex => index as OperatorIndex
export const quorumId = (id: number): QuorumId => id as QuorumId
export const beaconRound = (round: number): BeaconRound => round as BeaconRound

/** The chain's clock for a wall-clock instant, rounded down. */
export const toUnixSeconds = (ms: UnixMs): UnixSeconds => Math.floor(ms / 1000) as UnixSeconds
/** The wall-clock instant at which a second of the chain's clock begins. */
export const toUnixMs = (seconds: UnixSeconds): UnixMs => (seconds * 1000) as UnixMs
/** An instant later by `ms`. */
export const after = (start: UnixMs, ms: number): UnixMs => (start + ms) as UnixMs

/** Takes a 32-byte hex string as the named hash. The caller vouches for its length. */
export const asHash = <H extends Unit<Hex, string>>(hex: string): H => hex.toLowerCase() as H
/** Takes a 20-byte hex string as an address, lowercased. The caller vouches for its length. */
export const asAddress = (hex: string): Address => hex.toLowerCase() as Address
