import { MarketError, recoverSigner, type Hex, type Signature } from '@assay/protocol'

/** Signatures over a digest as the contracts take them: 65 bytes each, by ascending signer. Throws `signature-invalid`. */
export function concatSignatures(digest: Hex, signatures: readonly Signature[]): Hex {
  const bySigner = signatures.map((signature) => {
    const signer = recoverSigner(digest, signature)
    if (signer === undefined) throw new MarketError('signature-invalid', 'a quorum signature is malformed')
    return { signer, signature }
  })
  bySigner.sort((a, b) => (a.signer < b.signer ? -1 : 1))
  return `0x${bySigner.map(({ signature }) => signature.slice(2)).join('')}`
}
