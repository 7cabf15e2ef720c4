import { networkCompliance } from '../../testkit/src/network-compliance.ts'
import { openMarket } from './open-market.ts'

networkCompliance('libp2p over TCP', async () => openMarket())
