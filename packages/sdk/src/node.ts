/** What needs a file system: inputs from folders, results into folders, records in files. */
export { createFileJobStore } from './node/file-job-store.ts'
export { type FolderOptions, inputsFromFiles, inputsFromFolder, sharedFrom } from './node/inputs-from-folder.ts'
export { readReceipt, writeReceipt } from './node/receipt-file.ts'
export { type SavedOutputs, saveOutputs, type SaveOptions } from './node/save-outputs.ts'
