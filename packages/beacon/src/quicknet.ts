import type { BeaconInfo, Hex } from '@assay/protocol'

/** drand's quicknet: a round every 3 s, operated by the League of Entropy. Source: https://docs.drand.love. */
export const quicknet: BeaconInfo = {
  publicKey:
    '0x83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d1064510d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a',
  genesisMs: 1_692_803_367_000,
  periodMs: 3000,
  scheme: 'bls-unchained-g1-rfc9380',
}

/** Names quicknet in the addresses of relays. */
export const quicknetChainHash: Hex = '0x52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971'

/** Public relays of quicknet, by different operators. None is trusted: every value is verified. */
export const quicknetUrls: readonly string[] = [
  'https://api.drand.sh',
  'https://drand.cloudflare.com',
  'https://api2.drand.sh',
  'https://api3.drand.sh',
].map((origin) => `${origin}/${quicknetChainHash.slice(2)}`)
