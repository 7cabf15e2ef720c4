/** The whole market on one machine. */
export { deriveActor, deriveActors, type Actor } from './actors.ts'
export {
  openDevnet,
  type Devnet,
  type DevnetOptions,
  type DevnetProvider,
  type DevnetValidator,
} from './open-devnet.ts'
export { openMarketChain, type MarketChain, type MarketChainOptions } from './open-market-chain.ts'
