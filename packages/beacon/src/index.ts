/** Public randomness: drand's quicknet, and a beacon of one's own for devnets. */
export { openDrandBeacon, type DrandBeaconDeps, type DrandBeaconOptions } from './drand-beacon.ts'
export { openLocalBeacon, type LocalBeacon, type LocalBeaconOptions } from './local-beacon.ts'
export { quicknet, quicknetChainHash, quicknetUrls } from './quicknet.ts'
export { fetchBeaconInfo, type Fetch } from './relay.ts'
