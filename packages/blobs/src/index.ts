/** Content-addressed store on disk, and transfer over framed streams. */
export { openBlobStore, type BlobStoreOptions } from './open-blob-store.ts'
export { fetchBlob, pushBlob, serveBlobs, servePushes } from './transfer.ts'
