import { asHash, encodeCanonicalBytes, keccakHex, toJson, type Hash32, type Verdict } from '@assay/protocol'

/** Everything of a verdict but the amount, which follows the stake of the day; the chain records one verdict an attempt. */
export const deriveVerdictContent = (verdict: Verdict): Hash32 =>
  asHash(keccakHex(encodeCanonicalBytes(toJson({ ...verdict, slash: undefined }))))
