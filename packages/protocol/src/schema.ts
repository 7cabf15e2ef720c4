/** Building blocks of the wire schemas: hex of fixed size, decimal bigints, bounded text. */
import { z } from 'zod'
import { limits } from './limits.ts'
import { maxUsdc } from './money.ts'
import { pathFault } from './manifest.ts'
import {
  asAddress,
  asHash,
  basisPoints,
  byteCount,
  durationMs,
  milliCpus,
  ppm,
  unixMs,
  unixSeconds,
  usdc,
  type Hash32,
  type Hex,
  type OperatorIndex,
  type PublicKey,
  type QuorumId,
  type Signature,
  type Unit,
} from './units.ts'

/** Lowercase 0x hex of exactly `bytes` bytes. */
export const hexSchema = (bytes: number) =>
  z
    .string()
    .regex(new RegExp(`^0x[0-9a-f]{${bytes * 2}}$`))
    .transform((text) => text as Hex)

/** A 32-byte hash of the named kind. */
export const hashSchema = <H extends Unit<Hex, string>>() => hexSchema(32).transform((hex) => asHash<H>(hex))
export const hash32Schema = hexSchema(32).transform((hex) => asHash<Hash32>(hex))
export const addressSchema = hexSchema(20).transform(asAddress)
export const publicKeySchema = hexSchema(33).transform((hex) => hex as PublicKey)
export const signatureSchema = hexSchema(65).transform((hex) => hex as Signature)

/** USDC base units as a decimal string, at most uint64. */
export const usdcSchema = z
  .string()
  .regex(/^(0|[1-9]\d{0,19})$/)
  .transform((text) => usdc(BigInt(text)))
  .refine((amount) => amount <= maxUsdc)

const index = z.int().min(0).max(0xffff_ffff)
/** Position of a shard in its job, from 0. */
export const shardSchema = z
  .int()
  .min(0)
  .max(limits.shardsPerJob - 1)
/** Number of an attempt at one shard, from 1. */
export const attemptSchema = z.int().min(1).max(limits.attemptsPerShard)
export const operatorIndexSchema = index.min(1).transform((n) => n as OperatorIndex)
export const quorumIdSchema = index.min(1).transform((n) => n as QuorumId)
/** The quorum of an order; 0 = none: the client settles it alone. */
export const orderQuorumSchema = index.transform((n) => n as QuorumId)
export const chainIdSchema = z.int().min(1).max(Number.MAX_SAFE_INTEGER)

export const unixMsSchema = z.int().min(0).transform(unixMs)
export const unixSecondsSchema = z.int().min(0).max(0xff_ffff_ffff).transform(unixSeconds)
export const durationMsSchema = z.int().min(0).transform(durationMs)
export const byteCountSchema = z.int().min(0).transform(byteCount)
export const milliCpusSchema = z.int().min(10).max(1_024_000).transform(milliCpus)
export const ppmSchema = z.int().min(0).max(1_000_000).transform(ppm)
export const basisPointsSchema = z.int().min(0).max(10_000).transform(basisPoints)

/** A clean relative path: NFC, no `.` or `..`, no control characters. */
export const pathSchema = z
  .string()
  .min(1)
  .refine((path) => pathFault(path) === undefined)
