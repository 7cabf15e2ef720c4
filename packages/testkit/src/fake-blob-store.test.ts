import { blobStoreCompliance } from './blob-store-compliance.ts'
import { createFakeBlobStore } from './fake-blob-store.ts'

blobStoreCompliance('fake', async (capBytes) => {
  const store = createFakeBlobStore(capBytes)
  return { store, [Symbol.asyncDispose]: async () => store[Symbol.asyncDispose]() }
})
