import { networkCompliance } from '@assay/testkit'
import { openMarket } from './open-market.ts'

networkCompliance('libp2p over TCP', async () => openMarket())
