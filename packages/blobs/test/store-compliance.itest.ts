import { blobStoreCompliance } from '@assay/testkit'
import { openTempStore } from './open-temp-store.ts'

blobStoreCompliance('disk', async (capBytes) => openTempStore({ capBytes }))
blobStoreCompliance('disk, verified reads', async (capBytes) => openTempStore({ capBytes, verifyReads: true }))
