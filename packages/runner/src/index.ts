/** Docker sandbox: images by digest, limits, canonical manifests. */
export { type EngineOptions } from './engine.ts'
export {
  createImageArchive,
  type ImageArchive,
  type ImageArchiveOptions,
  type ImageConfig,
  type ImageFile,
  type ImageLink,
} from './image-archive.ts'
export { loadImage } from './load-image.ts'
export { openSandbox, type SandboxDeps, type SandboxOptions } from './open-sandbox.ts'
export { type ResolvedImage, resolveImage } from './resolve-image.ts'
export { findStubBinary } from './stub-binary.ts'
